public import HoneIR
public import HoneKernels

/// y = the bits set in a or b
public struct BitwiseOr: BinaryOp, CommutativeOp {
  public init() {}
  public static var since: Int { 18 }
  public var function: BinaryFunction { .or }
}
