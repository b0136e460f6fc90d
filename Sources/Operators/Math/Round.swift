import HoneIR
public import HoneKernels

/// y = the integer nearest to x, halves to even
public struct Round: UnaryOp {
  public init() {}
  public static var since: Int { 11 }
  public var function: UnaryFunction { .round }
}
