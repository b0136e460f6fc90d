import HoneIR
public import HoneKernels

/// y = max(x, 0)
public struct Relu: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .relu }
}
