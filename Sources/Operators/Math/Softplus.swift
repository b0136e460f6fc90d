import HoneIR
public import HoneKernels

/// y = ln(1 + eˣ)
public struct Softplus: UnaryOp {
  public init() {}
  public var function: UnaryFunction { .softplus }
}
