import HoneIR
public import HoneKernels

/// y = ⌊x⌋
public struct Floor: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .floor }
}
