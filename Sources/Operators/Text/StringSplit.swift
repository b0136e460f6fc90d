public import HoneIR

/// Each string cut at a delimiter or at white space, filled up with empty strings; and the number of its parts.
public struct StringSplit: EvaluatedOp {
  public var delimiter: String?
  public var maxsplit: Int?
  public init() {}
  public static var since: Int { 20 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let shape = try call.stringShape(0)
    let parts = shape.map { $0 + [call.unknownSize()] }
    return Array([.tensor(.string, parts), .tensor(.int64, shape)].prefix(call.resultCount))
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let delimiter = Array((delimiter ?? "").utf8)
    let split = input.strings.map { string in
      delimiter.isEmpty ? splitAtSpace(string) : splitAt(delimiter, string)
    }
    let width = split.map(\.count).max() ?? 0
    let filled = split.flatMap { $0 + Array(repeating: "", count: width - $0.count) }
    let parts = Tensor(strings: filled, shape: input.sizes + [width])
    let counts = Tensor(split.map { Int64($0.count) }, shape: input.sizes)
    return Array([.tensor(parts), .tensor(counts)].prefix(context.resultCount))
  }

  private var limit: Int { maxsplit.map { $0 < 0 ? Int.max : $0 } ?? Int.max }

  private func splitAt(_ delimiter: [UInt8], _ string: String) -> [String] {
    let bytes = Array(string.utf8)
    var parts: [String] = []
    var (start, i) = (0, 0)
    while i + delimiter.count <= bytes.count && parts.count < limit {
      if bytes[i..<(i + delimiter.count)].elementsEqual(delimiter) {
        parts.append(String(decoding: bytes[start..<i], as: UTF8.self))
        i += delimiter.count
        start = i
      } else {
        i += 1
      }
    }
    parts.append(String(decoding: bytes[start...], as: UTF8.self))
    return parts
  }

  private func splitAtSpace(_ string: String) -> [String] {
    var rest = string.unicodeScalars[...]
    var parts: [String] = []
    while true {
      rest = rest.drop { $0.properties.isWhitespace }
      if rest.isEmpty { return parts }
      if parts.count == limit {
        parts.append(String(rest))
        return parts
      }
      let part = rest.prefix { !$0.properties.isWhitespace }
      parts.append(String(part))
      rest = rest[part.endIndex...]
    }
  }
}
