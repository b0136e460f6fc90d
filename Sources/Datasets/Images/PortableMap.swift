internal import HoneCodecs
internal import HoneIR

/// PPM and PGM images, as text or bytes, of up to 16 bits.
enum PortableMap {
  static func decode(_ bytes: [UInt8]) throws(GraphError) -> Tensor {
    let kind = bytes[1]
    let isText = kind == UInt8(ascii: "2") || kind == UInt8(ascii: "3")
    let channels = kind == UInt8(ascii: "3") || kind == UInt8(ascii: "6") ? 3 : 1
    var position = 2
    let width = try number(bytes, &position)
    let height = try number(bytes, &position)
    let largest = try number(bytes, &position)
    guard (1...65535).contains(largest) else {
      throw GraphError(.file, "is a PPM or PGM with the largest value \(largest)")
    }
    try CompressedImage.check(width: width, height: height, byteCount: bytes.count)
    let count = width * height * channels
    let itemByteCount = isText ? 2 : largest > 255 ? 2 : 1
    guard bytes.count - position >= count * itemByteCount - (isText ? 1 : 0) + (isText ? 0 : 1) else {
      throw GraphError(.file, "ends early: \(width)×\(height) pixels were announced")
    }
    position += isText ? 0 : 1
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count)
    for i in 0..<count {
      let value = isText ? try number(bytes, &position) : sample(bytes, position + i * itemByteCount, itemByteCount)
      pixels.append(UInt8((min(value, largest) * 255 + largest / 2) / largest))
    }
    return Tensor(pixels, shape: [height, width, channels])
  }

  private static func sample(_ bytes: [UInt8], _ at: Int, _ byteCount: Int) -> Int {
    byteCount == 1 ? Int(bytes[at]) : Int(bytes[at]) << 8 | Int(bytes[at + 1])
  }

  /// The next number of the text; comments run from `#` to the end of the line.
  private static func number(_ bytes: [UInt8], _ position: inout Int) throws(GraphError) -> Int {
    while position < bytes.count, !isDigit(bytes[position]) {
      if bytes[position] == UInt8(ascii: "#") {
        while position < bytes.count, bytes[position] != 10 { position += 1 }
      } else {
        guard [9, 10, 11, 12, 13, 32].contains(bytes[position]) else { break }
        position += 1
      }
    }
    var value = 0
    let start = position
    while position < bytes.count, isDigit(bytes[position]), position - start < 10 {
      value = value * 10 + Int(bytes[position] - 48)
      position += 1
    }
    guard position > start else { throw GraphError(.file, "is a damaged PPM or PGM") }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
