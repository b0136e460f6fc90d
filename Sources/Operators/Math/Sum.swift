public import HoneIR
public import HoneKernels

/// y = the sum of the operands
public struct Sum: VariadicOp {
  public init() {}
  public static var since: Int { 8 }
  public var function: BinaryFunction { .add }
}

extension Sum: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return try node.operands.map { operand throws(GraphError) in try g.reduced(dy, like: operand!) }
  }
}
