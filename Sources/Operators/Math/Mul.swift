public import HoneIR
public import HoneKernels

/// y = a · b
public struct Mul: BinaryOp, CommutativeOp, SymbolicOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .mul }

  public func symbolicResult(_ call: Call) -> [Dimension]? { symbolicElements(call) { $0 * $1 } }
}

extension Mul: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    return [try g.reduced(g.apply(Mul(), dy, b), like: a), try g.reduced(g.apply(Mul(), dy, a), like: b)]
  }
}
