import HoneIR
public import HoneKernels

/// y = the sum of the operands
public struct Sum: VariadicOp {
  public init() {}
  public static var since: Int { 8 }
  public var function: BinaryFunction { .add }
}
