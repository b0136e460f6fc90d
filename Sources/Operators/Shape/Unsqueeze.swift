public import HoneIR

/// Inserts axes of size 1, at the named places of the result.
public struct Unsqueeze: KernelEvaluatedOp, SymbolicOp, UpgradableOp {
  public init() {}
  public static var since: Int { 13 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 13 { node.attributeToOperand("axes", 1, in: &graph) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data)] }
    guard let given = call.integers(1) else {
      let count = try call.vectorLength(1)
      return [
        .tensor(data.with(shape: count.map { n in (0..<shape.count + min(n, 64)).map { _ in call.unknownSize() } }))
      ]
    }
    let rank = shape.count + given.count
    let axes = try call.axes(given, rank: rank)
    var rest = shape[...]
    return [.tensor(data.with(shape: (0..<rank).map { axes.contains($0) ? 1 : rest.removeFirst() }))]
  }
  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let type = try? infer(call).first?.tensor, let rank = type.rank, rank <= 1 else { return nil }
    return call.symbolic(0)
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try viewKernel(call) }
}

extension Unsqueeze: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.shaped(dy, try g.sizes(of: node.operands[0]!))]
  }
}
