import HoneIR
public import HoneKernels

/// y = arsinh x
public struct Asinh: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .asinh }
}
