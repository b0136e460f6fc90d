public import HoneIR

/// y = x, of any type
public struct Identity: ExecutableOp, EvaluatedOp, SymbolicOp {
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard let operand = call.operands[0] else { throw GraphError(.arity, "operand 0 is missing") }
    return [operand.type]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel { .view }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    guard let operand = operands.first ?? nil else { throw GraphError(.arity, "operand 0 is missing") }
    return [operand]
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicVector(call, 0) }
}

extension Identity: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    cotangents
  }
}
