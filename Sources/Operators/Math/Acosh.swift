import HoneIR
public import HoneKernels

/// y = arcosh x
public struct Acosh: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .acosh }
}
