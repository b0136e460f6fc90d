import HoneIR
public import HoneKernels

/// y = ⌈x⌉
public struct Ceil: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .ceil }
}
