/// TensorBoard's `Event` messages, as protocol buffers: `wall_time` = 1 (double), `step` = 2 (int64), `file_version` = 3
/// (string), `summary` = 5, `session_log` = 7.
struct EventMessage {
  /// Seconds since 1970.
  var wallTime: Double
  var step = 0
  var content: Content

  enum Content {
    /// Begins every file.
    case fileVersion
    /// Training starts, or goes on, at `step`: what older files say of it and later steps is dropped.
    case start
    /// Numbers by tag.
    case scalars([(tag: String, value: Float)])
  }

  var bytes: [UInt8] {
    var bytes = Self.fixed64(1, wallTime.bitPattern)
    if step != 0 { bytes += Self.varint(UInt64(2 << 3)) + Self.varint(UInt64(bitPattern: Int64(step))) }
    switch content {
    case .fileVersion: bytes += Self.delimited(3, Array("brain.Event:2".utf8))
    // SessionLog: status = 1 (START is 1).
    case .start: bytes += Self.delimited(7, [1 << 3, 1])
    case .scalars(let scalars): bytes += Self.delimited(5, scalars.flatMap { Self.summaryValue($0.tag, $0.value) })
    }
    return bytes
  }

  /// `Summary.value` = 1: `tag` = 1 (string), `simple_value` = 2 (float).
  private static func summaryValue(_ tag: String, _ value: Float) -> [UInt8] {
    let bits = value.bitPattern
    let number =
      [UInt8(2 << 3 | 5)] + stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
    return delimited(1, delimited(1, Array(tag.utf8)) + number)
  }

  private static func delimited(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }
  private static func fixed64(_ field: UInt64, _ bits: UInt64) -> [UInt8] {
    varint(field << 3 | 1) + stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
  }
  private static func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
