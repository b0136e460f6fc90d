import HoneIR
public import HoneKernels

/// y = artanh x
public struct Atanh: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .atanh }
}
