import HoneIR
public import HoneKernels

/// y = ln x
public struct Log: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .log }
}
