import HoneIR

/// y = Π x
public struct ReduceProd: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.product
}
