import HoneIR

/// y = log Σ exp x
public struct ReduceLogSumExp: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.logSumExp
}
