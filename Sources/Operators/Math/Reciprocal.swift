import HoneIR
public import HoneKernels

/// y = 1 / x
public struct Reciprocal: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .reciprocal }
}
