import Foundation
import HoneIR

/// Takes big tensors' bytes out of a serialized model before it is parsed, leaving a note of where they lie in the file.
///
/// The note is an external-data entry whose location is `WeightScanner.thisFile`.
struct WeightScanner {
  static let thisFile = "\u{0}this file"
  /// Tensors of fewer bytes stay in the message.
  private static let threshold = 256
  private static let maximumDepth = 100

  /// Messages by the fields that lead from a model to its tensors.
  private enum Message {
    case model, graph, node, attribute, tensor, function, sparse

    func child(_ field: UInt64) -> Message? {
      switch (self, field) {
      case (.model, 7): .graph
      case (.model, 25): .function
      case (.graph, 1), (.function, 7): .node
      case (.graph, 5): .tensor
      case (.graph, 15): .sparse
      case (.node, 5): .attribute
      case (.attribute, 5), (.attribute, 10): .tensor
      case (.attribute, 6), (.attribute, 11): .graph
      case (.sparse, 1), (.sparse, 2): .tensor
      default: nil
      }
    }
  }

  let bytes: UnsafeRawBufferPointer

  /// The model's message without its big tensors' bytes.
  func strip() throws(GraphError) -> Data {
    var output = Data()
    try copy(.model, 0..<bytes.count, into: &output, depth: 0)
    return output
  }

  private func copy(_ message: Message, _ range: Range<Int>, into output: inout Data, depth: Int) throws(GraphError) {
    guard depth < Self.maximumDepth else {
      throw GraphError(.file, "messages are nested more than \(Self.maximumDepth) deep")
    }
    var position = range.lowerBound
    while position < range.upperBound {
      let start = position
      let tag = try varint(&position, range.upperBound)
      let field = tag >> 3
      switch tag & 7 {
      case 0:
        // An explicit default location would undo a note.
        let value = try varint(&position, range.upperBound)
        if message == .tensor, field == 14, value == 0 { continue }
      case 1: position += 8
      case 5: position += 4
      case 2:
        let length = try varint(&position, range.upperBound)
        guard length <= UInt64(range.upperBound - position) else { throw truncated(start) }
        let body = position..<position + Int(length)
        position = body.upperBound
        if message == .tensor, field == 9, body.count >= Self.threshold {
          appendNote(body, to: &output)
          continue
        }
        if let child = message.child(field) {
          var inner = Data()
          try copy(child, body, into: &inner, depth: depth + 1)
          append(tag, to: &output)
          append(UInt64(inner.count), to: &output)
          output.append(inner)
          continue
        }
      default: throw GraphError(.file, "not an ONNX model: unknown wire type at byte \(start)")
      }
      guard position <= range.upperBound else { throw truncated(start) }
      output.append(contentsOf: bytes[start..<position])
    }
  }

  private func truncated(_ position: Int) -> GraphError {
    GraphError(.file, "the file is truncated or not an ONNX model: a field at byte \(position) goes past its end")
  }

  private func varint(_ position: inout Int, _ end: Int) throws(GraphError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    let start = position
    while position < end, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    throw truncated(start)
  }

  private func append(_ value: UInt64, to output: inout Data) {
    var rest = value
    while rest >= 0x80 {
      output.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  /// data_location = EXTERNAL and the three entries that say where.
  private func appendNote(_ body: Range<Int>, to output: inout Data) {
    append(14 << 3, to: &output)
    append(1, to: &output)
    let entries = [("location", Self.thisFile), ("offset", "\(body.lowerBound)"), ("length", "\(body.count)")]
    for (key, value) in entries {
      var entry = Data()
      for (field, text) in [(UInt64(1), key), (2, value)] {
        append(field << 3 | 2, to: &entry)
        append(UInt64(text.utf8.count), to: &entry)
        entry.append(contentsOf: text.utf8)
      }
      append(13 << 3 | 2, to: &output)
      append(UInt64(entry.count), to: &output)
      output.append(entry)
    }
  }
}
