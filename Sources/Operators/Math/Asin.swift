import HoneIR
public import HoneKernels

/// y = arcsin x
public struct Asin: UnaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: UnaryFunction { .asin }
}
