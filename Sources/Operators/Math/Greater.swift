import HoneIR
public import HoneKernels

/// y = whether a > b
public struct Greater: ComparisonOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: ComparisonFunction { .less }
  public var isSwapped: Bool { true }
}
