import HoneIR
public import HoneKernels

/// y = cos x
public struct Cos: UnaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: UnaryFunction { .cos }
}
