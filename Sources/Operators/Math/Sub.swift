public import HoneIR
public import HoneKernels

/// y = a − b
public struct Sub: BinaryOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .sub }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0 - $1 } }
}

extension Sub: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    return [try g.reduced(dy, like: a), try g.apply(Neg(), g.reduced(dy, like: b))]
  }
}
