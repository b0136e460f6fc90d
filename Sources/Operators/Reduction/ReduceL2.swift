import HoneIR

/// y = √Σ x²
public struct ReduceL2: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.l2
}
