/// The framing of TensorBoard's files: length (8 bytes), its masked CRC32C (4), the bytes, their masked CRC32C (4);
/// all numbers little-endian.
enum TFRecord {
  static func framed(_ bytes: [UInt8]) -> [UInt8] {
    let length = little(UInt64(bytes.count))
    return length + little(CRC32C.masked(length)) + bytes + little(CRC32C.masked(bytes))
  }

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    stride(from: 0, to: T.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> T($0)) }
  }
}
