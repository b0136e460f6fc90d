public import HoneIR
public import HoneKernels

/// y = the bits set in one of a and b
public struct BitwiseXor: BinaryOp, CommutativeOp {
  public init() {}
  public static var since: Int { 18 }
  public var function: BinaryFunction { .xor }
}
