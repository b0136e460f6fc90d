import HoneIR
public import HoneKernels

/// y = x where x ≥ 0, else alpha · (e^(x/alpha) − 1)
public struct Celu: UnaryOp {
  public var alpha: Float = 1
  public init() {}
  public static var since: Int { 12 }
  public var function: UnaryFunction { .celu }
  public var parameters: (p: Float, q: Float) { (alpha, 0) }
}
