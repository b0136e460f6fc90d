import HoneIR
public import HoneKernels

/// y = x · min(max(x/6 + ½, 0), 1)
public struct HardSwish: UnaryOp {
  public init() {}
  public static var since: Int { 14 }
  public var function: UnaryFunction { .hardSwish }
}
