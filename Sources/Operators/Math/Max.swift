public import HoneIR
public import HoneKernels

/// y = the largest of the operands
public struct Max: VariadicOp, CommutativeOp, SymbolicOp {
  public init() {}
  public static var since: Int { 8 }
  public var function: BinaryFunction { .max }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard call.count == 2 else { return nil }
    return symbolicElements(call) { a, b in (a - b).isNonNegative ? a : (b - a).isNonNegative ? b : nil }
  }
}

extension Max: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try extremePullback(node, cotangents, in: &g)
  }
}
