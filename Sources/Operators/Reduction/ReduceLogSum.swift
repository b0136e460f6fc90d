import HoneIR

/// y = log Σ x
public struct ReduceLogSum: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.logSum
}
