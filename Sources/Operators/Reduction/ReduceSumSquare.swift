import HoneIR

/// y = Σ x²
public struct ReduceSumSquare: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.sumSquare
}
