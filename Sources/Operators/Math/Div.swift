public import HoneIR
public import HoneKernels

/// y = a / b, of integers rounded toward zero
public struct Div: BinaryOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .div }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0.truncatedQuotient($1) } }
}
