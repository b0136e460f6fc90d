public import HoneIR

/// y = log Σ x
public struct ReduceLogSum: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.logSum
}

extension ReduceLogSum: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    return [try g.spread(g.apply(Mul(), dy, g.apply(Exp(), g.apply(Neg(), node.result))), over: x, reducing: axes)]
  }
}
