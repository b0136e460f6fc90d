import HoneIR
public import HoneKernels

/// y = the arithmetic mean of the operands
public struct Mean: VariadicOp {
  public init() {}
  public static var since: Int { 8 }
  public var function: BinaryFunction { .add }
  public var isMean: Bool { true }
}
