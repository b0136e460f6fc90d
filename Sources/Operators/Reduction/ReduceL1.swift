import HoneIR

/// y = Σ |x|
public struct ReduceL1: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.l1
}
