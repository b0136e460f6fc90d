public import HoneIR
public import HoneKernels

/// y = the bits set in a and b
public struct BitwiseAnd: BinaryOp, CommutativeOp {
  public init() {}
  public static var since: Int { 18 }
  public var function: BinaryFunction { .and }
}
