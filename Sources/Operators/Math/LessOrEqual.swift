import HoneIR
public import HoneKernels

/// y = whether a ≤ b
public struct LessOrEqual: ComparisonOp {
  public init() {}
  public static var since: Int { 12 }
  public var function: ComparisonFunction { .lessOrEqual }
}
