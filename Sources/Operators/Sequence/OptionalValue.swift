public import HoneIR

/// A value that may be absent: the operand, or nothing of type `type`.
public struct OptionalValue: EvaluatedOp {
  public static var name: String { "Optional" }
  public var type: ValueType?
  public init() {}
  public static var since: Int { 15 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(0...1)
    if let operand = call.operands.first, let operand { return [.optional(operand.type)] }
    guard let type else { throw GraphError(.attribute, "without operand, attribute ‘type’ is needed") }
    return [.optional(type)]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    if let value = operands.first, let value { return [.optional(value, of: value.type)] }
    guard let type else { throw GraphError(.attribute, "without operand, attribute ‘type’ is needed") }
    return [.optional(nil, of: type)]
  }
}
