public import Foundation
internal import HoneCodecs
public import HoneIR

/// Image files: PNG, JPEG, BMP, PPM, PGM, told apart by their first bytes.
public enum ImageFile {
  /// Extensions of files that are taken for images in folders.
  public static let extensions: Set<String> = ["png", "jpg", "jpeg", "bmp", "ppm", "pgm", "pnm"]
  /// Larger files are refused.
  static let byteLimit = 1 << 29

  /// The pixels of the file at `url` as uint8 [height, width, channels], with 1 or 3 channels.
  ///
  /// Alpha is dropped, 16 bits become 8, and the orientation of photographs is left as stored.
  public static func read(_ url: URL, color: ImageColor = .asStored) throws(GraphError) -> Tensor {
    let file = try FileBytes(url)
    return try locating(url.path) { () throws(GraphError) in
      guard file.count <= byteLimit else {
        throw GraphError(.file, "is an image of \(file.count) bytes, which is refused")
      }
      let image = try decode(file.read(0..<file.count))
      switch color {
      case .asStored: return image
      case .rgb: return PixelImage(image)!.colored().tensor
      case .grayscale: return PixelImage(image)!.grayscaled().tensor
      }
    }
  }

  /// The pixels of an image in memory.
  public static func decode(_ bytes: [UInt8]) throws(GraphError) -> Tensor {
    switch bytes.prefix(2) {
    case [0x89, 0x50]: try CompressedImage.png.decode(bytes)
    case [0xff, 0xd8]: try CompressedImage.jpeg.decode(bytes)
    case [0x42, 0x4d]: try BMP.decode(bytes)
    case [0x50, 0x32], [0x50, 0x33], [0x50, 0x35], [0x50, 0x36]: try PortableMap.decode(bytes)
    default: throw GraphError(.file, "is no image of a known kind; PNG, JPEG, BMP, PPM and PGM can be read")
    }
  }
}
