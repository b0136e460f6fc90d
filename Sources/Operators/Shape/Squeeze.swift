public import HoneIR

/// Drops axes of size 1: those named, or all.
public struct Squeeze: KernelEvaluatedOp, SymbolicOp, UpgradableOp {
  public init() {}
  public static var since: Int { 13 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 13 { node.attributeToOperand("axes", 1, in: &graph) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data)] }
    guard call.has(1) else {
      let isKnown = shape.allSatisfy { $0.size != nil }
      return [.tensor(data.with(shape: isKnown ? shape.filter { $0 != 1 } : nil))]
    }
    guard let given = call.integers(1) else {
      let count = try call.vectorLength(1)
      return [
        .tensor(data.with(shape: count.map { n in (0..<max(shape.count - n, 0)).map { _ in call.unknownSize() } }))
      ]
    }
    let axes = try call.axes(given, rank: shape.count)
    for axis in axes where (shape[axis].size ?? 1) != 1 {
      throw GraphError(.type, "axis \(axis) of \(data) has not size 1")
    }
    return [.tensor(data.with(shape: shape.indices.filter { !axes.contains($0) }.map { shape[$0] }))]
  }
  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let type = try? infer(call).first?.tensor, let rank = type.rank, rank <= 1 else { return nil }
    return call.symbolic(0)
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try viewKernel(call) }
}

extension Squeeze: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.shaped(dy, try g.sizes(of: node.operands[0]!))]
  }
}
