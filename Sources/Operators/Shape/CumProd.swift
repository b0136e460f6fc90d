public import HoneIR

/// Running products along an axis, each with or, if `exclusive`, without its own element.
public struct CumProd: ExecutableOp {
  public var exclusive = false
  public var reverse = false
  public init() {}
  public static var since: Int { 26 }
  private var cumulation: Cumulation { Cumulation(operation: .product, reverse: reverse, exclusive: exclusive) }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { try cumulation.infer(call) }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try cumulation.kernel(call) }
}

extension CumProd: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let gradient = CumProdGradient(exclusive: exclusive, reverse: reverse)
    return [try g.apply(gradient, dy, node.operands[0], node.operands[1])]
  }
}
