import HoneIR
public import HoneKernels

/// y = sinh x
public struct Sinh: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .sinh }
}
