public import HoneIR

/// y = max x
public struct ReduceMax: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.max
}

extension ReduceMax: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try extremePullback(node, cotangents, in: &g)
  }
}
