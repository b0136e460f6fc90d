import HoneIR
public import HoneKernels

/// y = arctan x
public struct Atan: UnaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: UnaryFunction { .atan }
}
