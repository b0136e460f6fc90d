import HoneIR
public import HoneKernels

/// y = x where x > alpha, else 0
public struct ThresholdedRelu: UnaryOp {
  public var alpha: Float = 1
  public init() {}
  public static var since: Int { 10 }
  public var function: UnaryFunction { .thresholdedRelu }
  public var parameters: (p: Float, q: Float) { (alpha, 0) }
}
