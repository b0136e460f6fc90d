import HoneIR

/// y = min x
public struct ReduceMin: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.min
}
