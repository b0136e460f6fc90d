import HoneIR
public import HoneKernels

/// y = eˣ
public struct Exp: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .exp }
}
