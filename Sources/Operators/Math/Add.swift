public import HoneIR
public import HoneKernels

/// y = a + b
public struct Add: BinaryOp, CommutativeOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .add }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0 + $1 } }
}

extension Add: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return try node.operands.map { operand throws(GraphError) in try g.reduced(dy, like: operand!) }
  }
}
