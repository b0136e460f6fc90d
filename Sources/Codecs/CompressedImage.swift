internal import CImages
public import HoneIR

/// Image formats that system libraries decode.
public enum CompressedImage: Sendable {
  case png, jpeg

  /// Images with more pixels are refused.
  public static let pixelLimit = 1 << 26
  /// No encoder packs more pixels into a byte, a constant aside.
  static let pixelsPerByte = 8192

  /// Decodes to uint8 [height, width, channels] with 1 or 3 channels. Alpha is dropped, 16 bits become 8, the EXIF orientation is
  /// not applied.
  public func decode(_ bytes: [UInt8]) throws(GraphError) -> Tensor {
    let header = try run(bytes) { [self] in call($0, nil, 0, &$1, &$2) }
    let (width, height, channels) = (Int(header.width), Int(header.height), Int(header.channels))
    try Self.check(width: width, height: height, byteCount: bytes.count)
    let count = width * height * channels
    var failure: GraphError?
    let tensor = Tensor(TensorType(.uint8, [height, width, channels])) { target in
      let pixels = target.bindMemory(to: UInt8.self).baseAddress
      do throws(GraphError) { _ = try run(bytes) { [self] in call($0, pixels, count, &$1, &$2) } } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return tensor
  }

  /// Fails for sizes that are absurd for a file of `byteCount` bytes.
  public static func check(width: Int, height: Int, byteCount: Int) throws(GraphError) {
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, pixels <= pixelLimit, pixels <= (byteCount + 64) * pixelsPerByte else {
      throw GraphError(.file, "an image of \(width)×\(height) pixels in \(byteCount) bytes is refused")
    }
  }

  private typealias Decode = (UnsafeBufferPointer<UInt8>, inout hone_image_header, inout hone_image_error) -> Int32

  private func call(
    _ bytes: UnsafeBufferPointer<UInt8>, _ pixels: UnsafeMutablePointer<UInt8>?, _ count: Int,
    _ header: inout hone_image_header, _ error: inout hone_image_error
  ) -> Int32 {
    self == .png
      ? hone_png_decode(bytes.baseAddress, bytes.count, &header, pixels, count, &error)
      : hone_jpeg_decode(bytes.baseAddress, bytes.count, &header, pixels, count, &error)
  }

  private func run(_ bytes: [UInt8], _ decode: Decode) throws(GraphError) -> hone_image_header {
    var header = hone_image_header()
    var error = hone_image_error()
    let succeeded = bytes.withUnsafeBufferPointer { decode($0, &header, &error) } != 0
    guard succeeded else {
      let reason = withUnsafeBytes(of: error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw GraphError(.file, "is a damaged \(self == .png ? "PNG" : "JPEG"): \(reason)")
    }
    return header
  }
}
