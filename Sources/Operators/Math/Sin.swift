import HoneIR
public import HoneKernels

/// y = sin x
public struct Sin: UnaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: UnaryFunction { .sin }
}
