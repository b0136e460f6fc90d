public import HoneIR
public import HoneKernels

/// y = x where x ≥ 0, else slope · x
public struct PRelu: BinaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .prelu }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let result = try broadcastType(call, 0..<2)
    let x = try call.tensor(0)
    if let sizes = x.sizes, let broad = result.sizes, sizes != broad {
      throw GraphError(.type, "a slope of \(try call.tensor(1)) does not broadcast to \(x)")
    }
    return [.tensor(x)]
  }

  /// Before opset 7 a slope of rank 1 belonged to axis 1.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
    guard version < 7, node.has(0), node.has(1), let slope = graph.tensorType(of: node.operands[1]!).shape,
      slope.count == 1, slope[0].size != 1
    else { return }
    guard let rank = graph.tensorType(of: node.operands[0]!).rank else {
      throw GraphError(.unsupported, "an operand of unknown rank is not supported")
    }
    node.operands[1] = try graph.appendAxes(rank - 2, to: node.operands[1]!)
  }
}

extension PRelu: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (x, slope) = (node.operands[0]!, node.operands[1]!)
    let zero = try g.number(0, like: x)
    let isBelow = try g.apply(Less(), x, zero)
    let dx = try g.apply(Where(), isBelow, g.apply(Mul(), dy, slope), dy)
    let dslope = try g.apply(Where(), isBelow, g.apply(Mul(), dy, x), zero)
    return [dx, try g.reduced(dslope, like: slope)]
  }
}
