import HoneIR
public import HoneKernels

/// y = x where x ≥ 0, else alpha · (eˣ − 1)
public struct Elu: UnaryOp {
  public var alpha: Float = 1
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .elu }
  public var parameters: (p: Float, q: Float) { (alpha, 0) }
}
