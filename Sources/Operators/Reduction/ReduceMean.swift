public import HoneIR

/// y = Σ x / n
public struct ReduceMean: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.mean
}

extension ReduceMean: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    let sizes = try g.sizes(of: x)
    let count = axes.reduce(1) { $0 * sizes[$1] }
    return [try g.spread(g.apply(Mul(), dy, g.number(1 / Double(count), like: dy)), over: x, reducing: axes)]
  }
}
