import HoneIR
public import HoneKernels

/// y = x / (1 + |x|)
public struct Softsign: UnaryOp {
  public init() {}
  public var function: UnaryFunction { .softsign }
}
