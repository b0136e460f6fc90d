import HoneIR
public import HoneKernels

/// y = x with every bit inverted
public struct BitwiseNot: UnaryOp {
  public init() {}
  public static var since: Int { 18 }
  public var function: UnaryFunction { .bitwiseNot }
}
