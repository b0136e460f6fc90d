public import HoneIR

/// y = √Σ x²
public struct ReduceL2: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.l2
}

extension ReduceL2: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    let zero = try g.number(0, like: dy)
    let factor = try g.apply(Where(), g.apply(Equal(), node.result, zero), zero, g.apply(Div(), dy, node.result))
    return [try g.apply(Mul(), x, g.kept(factor, of: x, reducing: axes))]
  }
}
