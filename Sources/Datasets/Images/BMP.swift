internal import HoneCodecs
internal import HoneIR

/// Uncompressed Windows bitmaps of 8 (with a palette), 24 or 32 bits.
enum BMP {
  static func decode(_ bytes: [UInt8]) throws(GraphError) -> Tensor {
    var reader = ByteReader(bytes)
    try reader.skip(10)
    let start = Int(try reader.little(UInt32.self))
    let headerByteCount = Int(try reader.little(UInt32.self))
    guard headerByteCount >= 40 else {
      throw GraphError(.unsupported, "is a BMP with a header of \(headerByteCount) bytes; 40 or more can be read")
    }
    let width = Int(Int32(bitPattern: try reader.little(UInt32.self)))
    let signedHeight = Int(Int32(bitPattern: try reader.little(UInt32.self)))
    let height = abs(signedHeight)
    try reader.skip(2)
    let bits = Int(try reader.little(UInt16.self))
    let compression = try reader.little(UInt32.self)
    try reader.skip(12)
    let colors = Int(try reader.little(UInt32.self))
    let isPlain = compression == 0 || compression == 3 && bits == 32 && hasUsualMasks(bytes)
    guard isPlain, [8, 24, 32].contains(bits) else {
      throw GraphError(
        .unsupported,
        "is a BMP of \(bits) bits, compression \(compression); uncompressed ones of 8, 24 and 32 bits can be read")
    }
    try CompressedImage.check(width: width, height: height, byteCount: bytes.count)
    let stride = (width * bits / 8 + 3) & ~3
    guard start >= 14 + headerByteCount, start <= bytes.count,
      bytes.count - start >= stride * (height - 1) + width * bits / 8
    else {
      throw GraphError(.file, "is a BMP that ends early: \(width)×\(height) pixels were announced")
    }
    let palette =
      bits == 8
      ? try readPalette(bytes, at: 14 + headerByteCount, count: colors == 0 ? 256 : colors, before: start) : []
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for y in 0..<height {
      let row = start + stride * (signedHeight < 0 ? y : height - 1 - y)
      for x in 0..<width {
        if bits == 8 {
          pixels += palette[Int(bytes[row + x])]
        } else {
          let at = row + x * bits / 8
          pixels.append(bytes[at + 2])
          pixels.append(bytes[at + 1])
          pixels.append(bytes[at])
        }
      }
    }
    return Tensor(pixels, shape: [height, width, 3])
  }

  /// 256 colors; those that the file lacks are black.
  private static func readPalette(_ bytes: [UInt8], at start: Int, count: Int, before end: Int) throws(GraphError)
    -> [[UInt8]]
  {
    guard count <= 256, start + count * 4 <= end else { throw GraphError(.file, "is a BMP with a damaged palette") }
    var palette = [[UInt8]](repeating: [0, 0, 0], count: 256)
    for i in 0..<count { palette[i] = [bytes[start + i * 4 + 2], bytes[start + i * 4 + 1], bytes[start + i * 4]] }
    return palette
  }

  /// The bit fields are blue, green, red from the lowest byte.
  private static func hasUsualMasks(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 66 && bytes[54..<66].elementsEqual([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0])
  }
}
