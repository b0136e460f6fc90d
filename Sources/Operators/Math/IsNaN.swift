import HoneIR
public import HoneKernels

/// y = whether x is not a number
public struct IsNaN: ClassificationOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: ClassificationFunction? { .nan }
}
