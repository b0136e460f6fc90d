public import HoneIR

/// The slices along `axis`, or without it the elements, whose condition holds.
public struct Compress: EvaluatedOp {
  public var axis: Int?
  public init() {}
  public static var since: Int { 9 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    let count = try call.known(1).map { known throws(GraphError) in Dimension(try keptPositions(known).count) }
    guard let axis else { return [.tensor(data.with(shape: [count ?? call.unknownSize()]))] }
    guard var shape = data.shape else { return [.tensor(data)] }
    shape[try call.axis(axis, rank: shape.count)] = count ?? call.unknownSize()
    return [.tensor(data.with(shape: shape))]
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let (x, condition) = (try operands.tensor(0), try operands.tensor(1))
    let kept = try keptPositions(condition)
    let data = axis == nil ? x.reshaped([x.elementCount]) : x
    var gather = Gather()
    gather.axis = axis ?? 0
    return try gather.evaluate([.tensor(data), .tensor(.integers(kept))], in: context)
  }

  private func keptPositions(_ condition: Tensor) throws(GraphError) -> [Int] {
    guard condition.element == .bool, condition.sizes.count == 1 else {
      throw GraphError(.type, "the condition must be a bool vector, is \(condition.type)")
    }
    let holds = condition.bools
    return holds.indices.filter { holds[$0] }
  }
}

extension Compress: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let sizes = try g.sizes(of: x)
    let kept = try keptPositions(g.call(for: node).requireKnown(1, "the condition"))
    let gradient = GatherGradient(axis: axis ?? 0, sizes: axis == nil ? [sizes.product] : sizes)
    return [try g.shaped(g.apply(gradient, dy, g.constant(.integers(kept))), sizes)]
  }
}
