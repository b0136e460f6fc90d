import HoneIR
import HoneOperators

/// Nodes that work on each position alone, on rows.
extension RaggedGraph {
  /// The results of `node` without padding; nil if it does not work on each position alone, or is not known to.
  mutating func rowWise(_ node: Node) throws(GraphError) -> [Value]? {
    guard let layout = layout(of: node.result), let rank = graph.rank(of: node.result) else { return nil }
    switch node.op {
    case is ByteTable: return try onFirst(node, node.op, layout)
    case is any ElementwiseOp, is Where, is Identity, is Microsoft.BiasGelu, is Microsoft.FastGelu,
      is Microsoft.BiasAdd:
      return try onAll(node, node.op, rank, layout)
    case is Linear: return try product(node, node.op, [0, 3], layout)
    case is MatMul: return graph.rank(of: node.operands[1]) == 2 ? try product(node, node.op, [0], layout) : nil
    case let gemm as Gemm: return gemm.transA ? nil : try product(node, gemm, [0, 2], layout)
    case let op as LayerNormalization: return try along(op, \.axis, node, rank, layout)
    case let op as RMSNormalization: return try along(op, \.axis, node, rank, layout)
    case let op as SimplifiedLayerNormalization: return try along(op, \.axis, node, rank, layout)
    case let op as Softmax: return try along(op, \.axis, node, rank, layout)
    case let op as LogSoftmax: return try along(op, \.axis, node, rank, layout)
    case let op as LpNormalization: return try along(op, \.axis, node, rank, layout)
    case is Microsoft.SkipLayerNormalization, is Microsoft.SkipSimplifiedLayerNormalization:
      return try sums(node, [0, 1], rank, layout)
    case is NarrowLayerNormalization: return try sums(node, [0, 3], rank, layout)
    case is Reshape, is Flatten, is Squeeze, is Unsqueeze: return try reshaped(node, layout)
    case is Expand: return try expanded(node, rank, layout)
    case let op as Transpose: return try turned(op, node, rank, layout)
    case let op as Gather: return try gathered(op, node, layout)
    case let op as Split: return try along(op, \.axis, node, rank, layout)
    case let op as Concat: return try joined(op, node, rank, layout)
    case is Slice: return try sliced(node, rank, layout)
    case let op as any ReductionOp: return try reduced(op, node, layout)
    default: return nil
    }
  }

  /// The first operand in rows, which must have `layout`.
  private mutating func first(_ node: Node, _ layout: Layout) throws(GraphError) -> Value? {
    guard let x = node.operands[0], self.layout(of: x) == layout else { return nil }
    return try rows(of: x)
  }

  private mutating func onFirst(_ node: Node, _ op: any Op, _ layout: Layout) throws(GraphError) -> [Value]? {
    guard let x = try first(node, layout) else { return nil }
    return try apply(op, [x] + node.operands.dropFirst(), like: node)
  }

  /// Operands that are broadcast with each other.
  private mutating func onAll(_ node: Node, _ op: any Op, _ rank: Int, _ layout: Layout) throws(GraphError) -> [Value]?
  {
    try onSome(node, op, Array(node.operands.indices), rank, layout)
  }

  /// Operands of which those in `chosen` are broadcast with each other.
  private mutating func onSome(_ node: Node, _ op: any Op, _ chosen: [Int], _ rank: Int, _ layout: Layout)
    throws(GraphError) -> [Value]?
  {
    var operands = node.operands
    for i in chosen where i < operands.count {
      guard let operand = operands[i] else { continue }
      guard let row = try aligned(operand, rank: rank, layout) else { return nil }
      operands[i] = row
    }
    return try apply(op, operands, like: node)
  }

  /// A product of operand 0 with weights over its last axis, which counts no positions.
  private mutating func product(_ node: Node, _ op: any Op, _ chosen: [Int], _ layout: Layout) throws(GraphError)
    -> [Value]?
  {
    guard let x = node.operands[0], self.layout(of: x) == layout, let rank = graph.rank(of: x), rank > layout.rank,
      graph.rank(of: node.result) == rank
    else { return nil }
    return try onSome(node, op, chosen, rank, layout)
  }

  private mutating func sums(_ node: Node, _ chosen: [Int], _ rank: Int, _ layout: Layout) throws(GraphError)
    -> [Value]?
  {
    guard rank > layout.rank else { return nil }
    return try onSome(node, node.op, chosen, rank, layout)
  }

  /// `axis` of a value of `rank` axes as one of its rows, if it counts no positions.
  private func axis(_ axis: Int, _ rank: Int, _ layout: Layout) -> Int? {
    let axis = axis < 0 ? axis + rank : axis
    return axis >= layout.rank && axis < rank ? axis - layout.rank + 1 : nil
  }

  /// Work along one axis of operand 0.
  private mutating func along<O: Op>(
    _ op: O, _ path: WritableKeyPath<O, Int>, _ node: Node, _ rank: Int, _ layout: Layout
  ) throws(GraphError) -> [Value]? {
    guard let axis = axis(op[keyPath: path], rank, layout) else { return nil }
    var op = op
    op[keyPath: path] = axis
    return try onFirst(node, op, layout)
  }

  /// The same elements of each position under another shape.
  private mutating func reshaped(_ node: Node, _ layout: Layout) throws(GraphError) -> [Value]? {
    guard let x = node.operands[0], let own = self.layout(of: x), let before = features(of: x, own),
      let after = features(of: node.result, layout), before.reduce(1, *) == after.reduce(1, *), let x = try rows(of: x)
    else { return nil }
    return [before == after ? x : try reshape(x, [-1] + after)]
  }

  private mutating func expanded(_ node: Node, _ rank: Int, _ layout: Layout) throws(GraphError) -> [Value]? {
    guard graph.rank(of: node.operands[0]) == rank, let sizes = features(of: node.result, layout),
      let x = try first(node, layout)
    else { return nil }
    return [try graph.apply(Expand(), x, graph.constant(.integers([1] + sizes)))]
  }

  private mutating func turned(_ op: Transpose, _ node: Node, _ rank: Int, _ layout: Layout) throws(GraphError)
    -> [Value]?
  {
    let order = graph.order(op, rank)
    guard Array(order.prefix(layout.rank)) == Array(0..<layout.rank) else { return nil }
    var turned = op
    turned.perm = [0] + order.dropFirst(layout.rank).map { $0 - layout.rank + 1 }
    return try onFirst(node, turned, layout)
  }

  /// Rows of a table that positions name, or features of each position.
  private mutating func gathered(_ op: Gather, _ node: Node, _ layout: Layout) throws(GraphError) -> [Value]? {
    guard let data = node.operands[0], let indices = node.operands[1], let rank = graph.rank(of: data) else {
      return nil
    }
    if op.axis == 0 || op.axis == -rank, self.layout(of: indices) == layout {
      guard let indices = try rows(of: indices) else { return nil }
      return try apply(op, [data, indices], like: node)
    }
    return try along(op, \.axis, node, rank, layout)
  }

  private mutating func joined(_ op: Concat, _ node: Node, _ rank: Int, _ layout: Layout) throws(GraphError) -> [Value]?
  {
    guard let axis = axis(op.axis, rank, layout),
      node.operands.allSatisfy({ $0.map { self.layout(of: $0) == layout } ?? false })
    else { return nil }
    var joined = op
    joined.axis = axis
    return try onAll(node, joined, rank, layout)
  }

  private mutating func sliced(_ node: Node, _ rank: Int, _ layout: Layout) throws(GraphError) -> [Value]? {
    guard node.operands.count > 3, let axes = graph.integers(node.operands[3]) else { return nil }
    let own = axes.compactMap { axis($0, rank, layout) }
    guard own.count == axes.count, let x = try first(node, layout) else { return nil }
    var operands = node.operands
    (operands[0], operands[3]) = (x, graph.constant(.integers(own)))
    return try apply(node.op, operands, like: node)
  }

  private mutating func reduced(_ op: any ReductionOp, _ node: Node, _ layout: Layout) throws(GraphError) -> [Value]? {
    guard let x = node.operands[0], let rank = graph.rank(of: x), node.operands.count > 1,
      let axes = graph.integers(node.operands[1]), !axes.isEmpty
    else { return nil }
    let own = axes.compactMap { axis($0, rank, layout) }
    guard own.count == axes.count, let x = try first(node, layout) else { return nil }
    return try apply(op, [x, graph.constant(.integers(own))], like: node)
  }
}
