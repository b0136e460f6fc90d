public import HoneIR

/// y = Σ x
public struct ReduceSum: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.sum
  public static var since: Int { 13 }
}

extension ReduceSum: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.spread(dy, over: node.operands[0]!, reducing: try axes(of: node, in: g))]
  }
}
