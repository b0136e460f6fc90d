public import HoneIR

/// The values of a map in the order of a vocabulary, [1×words]; zero or empty where the map has no such key.
public struct DictVectorizer: EvaluatedOp {
  public var int64_vocabulary: [Int] = []
  public var string_vocabulary: [String] = []
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  private var keys: [RuntimeValue.MapKey] {
    string_vocabulary.isEmpty ? int64_vocabulary.map { .integer($0) } : string_vocabulary.map { .string($0) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard case .map(_, .tensor(let value))? = call.operands[0]?.type else {
      throw GraphError(.type, "takes a map of numbers or strings")
    }
    return [.tensor(value.element, [1, keys.count])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    guard case .map(let map, _, .tensor(let value))? = operands[0] else {
      throw GraphError(.type, "takes a map of numbers or strings")
    }
    let keys = keys
    if value.element == .string {
      return [.tensor(Tensor(strings: keys.map { map[$0]?.tensor?.strings.first ?? "" }, shape: [1, keys.count]))]
    }
    let numbers = keys.map { map[$0]?.tensor?.double(at: 0) ?? 0 }
    return [.tensor(try DoubleAccess(value.element).tensor(numbers, shape: [1, keys.count]))]
  }
}
