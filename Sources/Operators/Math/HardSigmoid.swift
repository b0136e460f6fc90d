import HoneIR
public import HoneKernels

/// y = max(0, min(1, alpha · x + beta))
public struct HardSigmoid: UnaryOp {
  public var alpha: Float = 0.2
  public var beta: Float = 0.5
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .hardSigmoid }
  public var parameters: (p: Float, q: Float) { (alpha, beta) }
}
