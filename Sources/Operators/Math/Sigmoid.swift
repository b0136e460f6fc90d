import HoneIR
public import HoneKernels

/// y = 1 / (1 + e⁻ˣ)
public struct Sigmoid: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .sigmoid }
}
