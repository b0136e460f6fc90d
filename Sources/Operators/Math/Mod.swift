public import HoneIR
public import HoneKernels

/// y = a − b · ⌊a / b⌋, or with `fmod` a − b · trunc(a / b)
public struct Mod: BinaryOp, SymbolicOp {
  public var fmod = false
  public init() {}
  public static var since: Int { 10 }
  public var function: BinaryFunction { fmod ? .remainder : .modulo }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    symbolicElements(call) { a, b in
      guard a.isNonNegative && b.isNonNegative, let quotient = a.truncatedQuotient(b) else { return nil }
      return a - quotient * b
    }
  }
}

extension Mod: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // The quotient is locally constant.
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    let quotient = try g.apply(Round(), g.apply(Div(), g.apply(Sub(), a, node.result), b))
    return [try g.reduced(dy, like: a), try g.apply(Neg(), g.reduced(g.apply(Mul(), dy, quotient), like: b))]
  }
}
