import HoneIR

/// y = Σ x / n
public struct ReduceMean: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.mean
}
