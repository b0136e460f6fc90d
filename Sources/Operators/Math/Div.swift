public import HoneIR
public import HoneKernels

/// y = a / b, of integers rounded toward zero
public struct Div: BinaryOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .div }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0.truncatedQuotient($1) } }
}

extension Div: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    let scaled = try g.apply(Div(), dy, b)
    return [
      try g.reduced(scaled, like: a), try g.apply(Neg(), g.reduced(g.apply(Mul(), scaled, node.result), like: b)),
    ]
  }
}
