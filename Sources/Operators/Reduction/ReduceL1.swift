public import HoneIR

/// y = Σ |x|
public struct ReduceL1: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.l1
}

extension ReduceL1: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    return [try g.apply(Mul(), g.apply(Sign(), x), g.kept(dy, of: x, reducing: axes))]
  }
}
