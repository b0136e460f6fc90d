import HoneIR
public import HoneKernels

/// y = −1, 0 or 1 as x is negative, zero or positive
public struct Sign: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .sign }
}
