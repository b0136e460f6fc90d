public import HoneIR

/// The values of a map as [1×count], in the order of their keys, or at the places that their keys name.
public struct CastMap: EvaluatedOp {
  public enum Target: String, Sendable, Hashable, Codable {
    case float = "TO_FLOAT"
    case string = "TO_STRING"
    case integer = "TO_INT64"
  }
  public enum Form: String, Sendable, Hashable, Codable {
    case dense = "DENSE"
    case sparse = "SPARSE"
  }
  public var cast_to = Target.float
  public var map_form = Form.dense
  public var max_map = 1
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  private var element: ElementType {
    switch cast_to {
    case .float: .float32
    case .string: .string
    case .integer: .int64
    }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard case .map(.int64, .tensor)? = call.operands[0]?.type else {
      throw GraphError(.type, "takes a map from int64")
    }
    guard max_map >= 0, max_map < 1 << 31 else { throw GraphError(.attribute, "max_map \(max_map)") }
    return [.tensor(element, [1, map_form == .dense ? call.unknownSize() : .fixed(max_map)])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    guard case .map(let map, .int64, _)? = operands[0] else { throw GraphError(.type, "takes a map from int64") }
    let entries = map.sorted { $0.key < $1.key }
    var values: [Tensor?] = entries.map(\.value.tensor)
    if map_form == .sparse {
      values = Array(repeating: nil, count: max_map)
      for case (.integer(let place), let value) in entries {
        guard place >= 0, place < max_map else { throw GraphError(.input, "key \(place) is not below \(max_map)") }
        values[place] = value.tensor
      }
    }
    return [.tensor(try cast(values))]
  }

  private func cast(_ values: [Tensor?]) throws(GraphError) -> Tensor {
    let shape = [1, values.count]
    if cast_to == .string {
      return Tensor(
        strings: values.map { $0.map { $0.element == .string ? $0.strings[0] : text($0.double(at: 0)) } ?? "" },
        shape: shape)
    }
    var numbers: [Double] = []
    for value in values {
      guard let value else {
        numbers.append(0)
        continue
      }
      guard let number = value.element == .string ? Double(value.strings[0]) : value.double(at: 0) else {
        throw GraphError(.input, "“\(value.strings[0])” is no number")
      }
      numbers.append(number)
    }
    return try DoubleAccess(element).tensor(numbers, shape: shape)
  }

  /// `number` with six digits after the point.
  private func text(_ number: Double) -> String {
    guard number.magnitude < 1e12 else { return "\(number)" }
    let parts = Int((number.magnitude * 1e6).rounded()).quotientAndRemainder(dividingBy: 1_000_000)
    let fraction = String(parts.remainder)
    let zeros = String(repeating: "0", count: 6 - fraction.count)
    return "\(number.sign == .minus ? "-" : "")\(parts.quotient).\(zeros)\(fraction)"
  }
}
