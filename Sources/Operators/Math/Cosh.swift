import HoneIR
public import HoneKernels

/// y = cosh x
public struct Cosh: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .cosh }
}
