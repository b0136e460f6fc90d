public import HoneIR
public import HoneKernels

/// y = a · b
public struct Mul: BinaryOp, CommutativeOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .mul }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0 * $1 } }
}
