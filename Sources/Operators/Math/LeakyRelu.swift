import HoneIR
public import HoneKernels

/// y = x where x ≥ 0, else alpha · x
public struct LeakyRelu: UnaryOp {
  public var alpha: Float = 0.01
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .leakyRelu }
  public var parameters: (p: Float, q: Float) { (alpha, 0) }
}
