public import HoneIR
import HoneOperators

/// Brings what follows a trained normalization into it: a residual sum, then a clip from below or from both sides.
///
/// Lowered graphs are not saved.
public struct FuseTraining: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("normalized + y → normalized with a residual", on: Add.self) { (_, node, graph) throws(GraphError) in
          try graph.residual(node)
        },
        Rule("Relu(normalized)", on: Relu.self) { (_, node, graph) throws(GraphError) in
          try graph.clipped(node, low: 0, high: .infinity)
        },
        Rule("Clip(normalized)", on: Clip.self) { (_, node, graph) throws(GraphError) in
          let low = graph.bound(node, 1, -.infinity), high = graph.bound(node, 2, .infinity)
          guard let low, let high else { return nil }
          return try graph.clipped(node, low: low, high: high)
        },
      ])
    ]
  }
}

extension Graph {
  fileprivate func bound(_ node: Node, _ i: Int, _ none: Float) -> Float? {
    guard i < node.operands.count, let operand = node.operands[i] else { return none }
    guard let tensor = constant(operand), tensor.elementCount == 1 else { return nil }
    return Float(tensor.double(at: 0))
  }

  /// The normalization that alone makes `value`, if nothing follows it yet.
  private func bareNormalization(_ value: Value?) -> (op: NHWCBatchNormalization, node: Node)? {
    guard let (op, node) = soleProducer(of: value, as: NHWCBatchNormalization.self), op.low == -.infinity,
      op.high == .infinity, node.results[0] == value
    else { return nil }
    return (op, node)
  }

  private mutating func apply(_ op: NHWCBatchNormalization, _ operands: [Value?], insteadOf node: Node)
    throws(GraphError) -> Value
  {
    let results = try apply(op, operands, resultCount: 5, named: node.name)
    for (old, new) in zip(node.results.dropFirst(), results.dropFirst()) { replace(old, with: new) }
    return results[0]
  }

  fileprivate mutating func residual(_ node: Node) throws(GraphError) -> Value? {
    for (i, j) in [(0, 1), (1, 0)] {
      guard let (op, normalization) = bareNormalization(node.operands[i]), normalization.operands.count == 5,
        let other = node.operands[j], other != node.operands[i], type(of: other) == type(of: node.result),
        type(of: normalization.results[0]) == type(of: node.result), !depends(other, on: normalization.id)
      else { continue }
      return try apply(op, normalization.operands + [other], insteadOf: normalization)
    }
    return nil
  }

  fileprivate mutating func clipped(_ node: Node, low: Float, high: Float) throws(GraphError) -> Value? {
    guard let (op, normalization) = bareNormalization(node.operands[0]) else { return nil }
    var clipped = op
    (clipped.low, clipped.high) = (low, high)
    return try apply(clipped, normalization.operands, insteadOf: normalization)
  }

  /// Whether `value` is made from results of node `id`.
  private func depends(_ value: Value, on id: Node.ID) -> Bool {
    var seen: Set<Node.ID> = []
    var queue = [value]
    while let next = queue.popLast() {
      guard let node = producer(of: next), seen.insert(node.id).inserted else { continue }
      if node.id == id { return true }
      queue += node.operands.compactMap(\.self)
    }
    return false
  }
}

extension Pipeline {
  /// What makes a graph that is to be trained fast on this machine, before its loss is appended.
  public static var loweringForTraining: [Pipeline] {
    [Pipeline([LowerTraining(), Simplify()], rounds: 6), Pipeline([RemoveDuplicates(), FuseTraining()], rounds: 3)]
  }
}
