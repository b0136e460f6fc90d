public import HoneIR

/// Numbers for strings, or strings for numbers, by two lists of equal length.
public struct CategoryMapper: EvaluatedOp {
  public var cats_int64s: [Int] = []
  public var cats_strings: [String] = []
  public var default_int64 = -1
  public var default_string = "_Unused"
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    guard cats_int64s.count == cats_strings.count else {
      throw GraphError(.attribute, "\(cats_int64s.count) numbers for \(cats_strings.count) strings")
    }
    guard input.element == .string || input.element == .int64 else {
      throw GraphError(.type, "takes strings or int64, not \(input)")
    }
    return [.tensor(input.with(input.element == .string ? .int64 : .string))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    if input.element == .string {
      let numbers = Dictionary(zip(cats_strings, cats_int64s), uniquingKeysWith: { $1 })
      return [.tensor(Tensor(input.strings.map { Int64(numbers[$0] ?? default_int64) }, shape: input.sizes))]
    }
    let strings = Dictionary(zip(cats_int64s, cats_strings), uniquingKeysWith: { $1 })
    return [.tensor(Tensor(strings: input.integers.map { strings[$0] ?? default_string }, shape: input.sizes))]
  }
}
