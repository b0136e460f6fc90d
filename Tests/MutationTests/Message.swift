import Foundation

/// A serialized protobuf message under construction, so that models can be written that no exporter would write.
struct Message {
  private(set) var bytes = Data()

  static func varint(_ value: UInt64) -> Data {
    var data = Data()
    var rest = value
    while rest >= 0x80 {
      data.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
    return data
  }

  func number(_ field: UInt64, _ value: Int64) -> Message {
    var copy = self
    copy.bytes += Self.varint(field << 3) + Self.varint(UInt64(bitPattern: value))
    return copy
  }
  func data(_ field: UInt64, _ value: Data) -> Message {
    var copy = self
    copy.bytes += Self.varint(field << 3 | 2) + Self.varint(UInt64(value.count)) + value
    return copy
  }
  func text(_ field: UInt64, _ value: String) -> Message { data(field, Data(value.utf8)) }
  func message(_ field: UInt64, _ value: Message) -> Message { data(field, value.bytes) }
  func numbers(_ field: UInt64, _ values: [Int64]) -> Message { values.reduce(self) { $0.number(field, $1) } }
}

/// The messages of small models.
extension Message {
  static func model(nodes: [Message], initializers: [Message] = [], inputs: [Message] = [], outputs: [Message]) -> Data
  {
    var graph = Message().text(2, "small")
    for node in nodes { graph = graph.message(1, node) }
    for initializer in initializers { graph = graph.message(5, initializer) }
    for input in inputs { graph = graph.message(11, input) }
    for output in outputs { graph = graph.message(12, output) }
    return Message().number(1, 8).message(7, graph).message(8, Message().text(1, "").number(2, 17)).bytes
  }

  static func node(_ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [Message] = []) -> Message {
    var node = inputs.reduce(Message()) { $0.text(1, $1) }
    node = outputs.reduce(node) { $0.text(2, $1) }.text(4, type)
    return attributes.reduce(node) { $0.message(5, $1) }
  }

  static func integers(_ name: String, _ values: [Int64]) -> Message {
    Message().text(1, name).numbers(8, values).number(20, 7)
  }
  static func integer(_ name: String, _ value: Int64) -> Message {
    Message().text(1, name).number(3, value).number(20, 2)
  }

  /// A float32 or int64 tensor with whatever sizes and bytes.
  static func tensor(_ name: String, type: Int64 = 1, dims: [Int64], raw: Data) -> Message {
    Message().numbers(1, dims).number(2, type).text(8, name).data(9, raw)
  }
  static func shape(_ name: String, _ values: [Int64]) -> Message {
    var raw = Data()
    for value in values { withUnsafeBytes(of: value.littleEndian) { raw.append(contentsOf: $0) } }
    return tensor(name, type: 7, dims: [Int64(values.count)], raw: raw)
  }
  static func external(_ name: String, dims: [Int64], _ entries: [(String, String)]) -> Message {
    let tensor = Message().numbers(1, dims).number(2, 1).text(8, name)
    return entries.reduce(tensor) { $0.message(13, Message().text(1, $1.0).text(2, $1.1)) }.number(14, 1)
  }
  static func value(_ name: String, dims: [Int64]) -> Message {
    let shape = dims.reduce(Message()) { $0.message(1, Message().number(1, $1)) }
    return Message().text(1, name).message(2, Message().message(1, Message().number(1, 1).message(2, shape)))
  }
}
