public import HoneIR

/// Whether there is a value: an operand that is not an empty optional.
public struct OptionalHasElement: EvaluatedOp {
  public init() {}
  public static var since: Int { 15 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(0...1)
    return [.tensor(.bool, [] as [Int])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    var isPresent = false
    if let operand = operands.first, let operand {
      if case .optional(let content, _) = operand { isPresent = content != nil } else { isPresent = true }
    }
    return [.tensor(.scalar(isPresent))]
  }
}
