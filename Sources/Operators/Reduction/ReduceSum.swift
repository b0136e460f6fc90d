import HoneIR

/// y = Σ x
public struct ReduceSum: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.sum
  public static var since: Int { 13 }
}
