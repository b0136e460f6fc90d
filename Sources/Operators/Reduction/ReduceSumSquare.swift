public import HoneIR

/// y = Σ x²
public struct ReduceSumSquare: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.sumSquare
}

extension ReduceSumSquare: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    let double = try g.apply(Mul(), dy, g.number(2, like: dy))
    return [try g.apply(Mul(), x, g.kept(double, of: x, reducing: axes))]
  }
}
