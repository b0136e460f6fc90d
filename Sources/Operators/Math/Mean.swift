public import HoneIR
public import HoneKernels

/// y = the arithmetic mean of the operands
public struct Mean: VariadicOp {
  public init() {}
  public static var since: Int { 8 }
  public var function: BinaryFunction { .add }
  public var isMean: Bool { true }
}

extension Mean: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let share = try g.apply(Mul(), dy, g.number(1 / Double(node.operands.count), like: dy))
    return try node.operands.map { operand throws(GraphError) in try g.reduced(share, like: operand!) }
  }
}
