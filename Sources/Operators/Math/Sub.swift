public import HoneIR
public import HoneKernels

/// y = a − b
public struct Sub: BinaryOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .sub }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0 - $1 } }
}
