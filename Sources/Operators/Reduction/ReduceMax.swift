import HoneIR

/// y = max x
public struct ReduceMax: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.max
}
