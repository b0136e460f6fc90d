import HoneIR
public import HoneKernels

/// y = x · Φ(x), Φ being the distribution function of the normal distribution, or with `tanh` its approximation
/// ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
public struct Gelu: UnaryOp {
  public enum Approximation: String, Sendable, Codable { case none, tanh }
  public var approximate = Approximation.none
  public init() {}
  public static var since: Int { 20 }
  public var function: UnaryFunction { approximate == .tanh ? .geluTanh : .gelu }
}
