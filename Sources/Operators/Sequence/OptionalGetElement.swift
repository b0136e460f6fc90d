public import HoneIR

/// The value in an optional; other values are passed on.
public struct OptionalGetElement: EvaluatedOp {
  public init() {}
  public static var since: Int { 15 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard let type = call.operands[0]?.type else { throw GraphError(.arity, "operand 0 is missing") }
    if case .optional(let element) = type { return [element] }
    return [type]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    guard let operand = operands[0] else { throw GraphError(.input, "the optional is empty") }
    guard case .optional(let content, _) = operand else { return [operand] }
    guard let content else { throw GraphError(.input, "the optional is empty") }
    return [content]
  }
}
