public import HoneIR

/// y = log Σ exp x
public struct ReduceLogSumExp: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.logSumExp
}

extension ReduceLogSumExp: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    let share = try g.apply(Exp(), g.apply(Sub(), x, g.kept(node.result, of: x, reducing: axes)))
    return [try g.apply(Mul(), share, g.kept(dy, of: x, reducing: axes))]
  }
}
