import HoneIR
public import HoneKernels

/// y = ¬x
public struct Not: UnaryOp {
  public init() {}
  public var function: UnaryFunction { .not }
}
