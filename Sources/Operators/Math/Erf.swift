import HoneIR
public import HoneKernels

/// y = erf x = 2/√π · ∫₀ˣ e^(−t²) dt
public struct Erf: UnaryOp {
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .erf }
}
