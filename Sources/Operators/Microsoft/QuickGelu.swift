import HoneIR
public import HoneKernels

/// y = x / (1 + e^(−alpha·x))
public struct QuickGelu: UnaryOp {
  public var alpha: Float = 1.702
  public init() {}
  public static var domain: String { "com.microsoft" }
  public var function: UnaryFunction { .swish }
  public var parameters: (p: Float, q: Float) { (alpha, 0) }
}
