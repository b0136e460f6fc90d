public import HoneIR
public import HoneKernels

/// y = the smallest of the operands
public struct Min: VariadicOp, CommutativeOp, SymbolicOp {
  public init() {}
  public static var since: Int { 8 }
  public var function: BinaryFunction { .min }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard call.count == 2 else { return nil }
    return symbolicElements(call) { a, b in (a - b).isNonNegative ? b : (b - a).isNonNegative ? a : nil }
  }
}

extension Min: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try extremePullback(node, cotangents, in: &g)
  }
}
