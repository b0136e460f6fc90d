import HoneIR
public import HoneKernels

/// y = whether a < b
public struct Less: ComparisonOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: ComparisonFunction { .less }
}
