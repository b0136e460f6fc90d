import HoneIR
public import HoneKernels

/// y = x · tanh(ln(1 + eˣ))
public struct Mish: UnaryOp {
  public init() {}
  public static var since: Int { 18 }
  public var function: UnaryFunction { .mish }
}
