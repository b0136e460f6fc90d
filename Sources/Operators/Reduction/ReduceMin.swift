public import HoneIR

/// y = min x
public struct ReduceMin: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.min
}

extension ReduceMin: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try extremePullback(node, cotangents, in: &g)
  }
}
