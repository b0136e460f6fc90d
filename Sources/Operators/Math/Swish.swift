import HoneIR
public import HoneKernels

/// y = x / (1 + e^(−alpha·x))
public struct Swish: UnaryOp {
  public var alpha: Float = 1
  public init() {}
  public static var since: Int { 24 }
  public var function: UnaryFunction { .swish }
  public var parameters: (p: Float, q: Float) { (alpha, 0) }
}
