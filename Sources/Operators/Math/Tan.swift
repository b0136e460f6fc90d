import HoneIR
public import HoneKernels

/// y = tan x
public struct Tan: UnaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: UnaryFunction { .tan }
}
