public import HoneIR

/// Running sums along an axis, each with or, if `exclusive`, without its own element.
public struct CumSum: ExecutableOp {
  public var exclusive = false
  public var reverse = false
  public init() {}
  public static var since: Int { 11 }
  private var cumulation: Cumulation { Cumulation(operation: .sum, reverse: reverse, exclusive: exclusive) }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { try cumulation.infer(call) }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try cumulation.kernel(call) }
}

extension CumSum: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    var opposite = self
    opposite.reverse.toggle()
    return [try g.apply(opposite, dy, node.operands[1])]
  }
}
