import HoneIR
public import HoneKernels

/// y = tanh x
public struct Tanh: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .tanh }
}
