import HoneIR
import HoneOperators

/// Attention to cached keys becomes the standard `Attention`, which can be told how many keys are valid.
struct ExposeAttention: RewritePass {
  /// The names of sizes that count past positions.
  var pastSizes: Set<String> = []
  /// The names of inputs that become caches, all of which is valid in every sample.
  var caches: Set<String> = []

  init() {}
  init(pastSizes: Set<String> = [], caches: Set<String>) { (self.pastSizes, self.caches) = (pastSizes, caches) }

  var rewrites: [Rewrite] {
    let (pastSizes, caches) = (pastSizes, caches)
    return [
      .rules([
        Rule("MultiHeadAttention with a past → Attention", on: Microsoft.MultiHeadAttention.self) {
          (op, node, graph) throws(GraphError) in
          guard node.operands.count > 6, node.operands[6] != nil else { return nil }
          let results = try op.expand(node.operands, graph.call(for: node), in: &graph)
          return graph.exchange(node, for: results)
        },
        Rule("GroupQueryAttention with a cache → Attention", on: Microsoft.GroupQueryAttention.self) {
          (op, node, graph) throws(GraphError) in
          guard node.operands.count > 4, let keys = node.operands[3], let values = node.operands[4],
            [keys, values].allSatisfy({ caches.contains(graph.name(of: $0)) })
          else { return nil }
          let results = try op.expandWithWholePast(node.operands, graph.call(for: node), in: &graph)
          return graph.exchange(node, for: results)
        },
        Rule("Softmax(q·kᵀ + mask)·v → Attention", on: MatMul.self) { (_, node, graph) throws(GraphError) in
          guard let match = CachedAttentionMatch(node, in: graph),
            graph.shape(of: match.value)?[2].symbols.isDisjoint(with: pastSizes) == false
          else { return nil }
          var attention = Attention()
          attention.scale = Float(match.scale)
          let operands = [match.query, match.key, match.value] + (match.mask.map { [$0] } ?? [])
          return try graph.apply(attention, operands, insteadOf: node)
        },
      ])
    ]
  }
}

/// Attention over heads that are axes already: `[batch, heads, positions, width]` for queries, keys and values. Keys and
/// values may have fewer heads, each for several neighbouring ones of the queries.
private struct CachedAttentionMatch {
  var query, key, value: Value
  var scale: Double
  var mask: Value?

  init?(_ node: Node, in graph: Graph) {
    guard graph.rank(of: node.result) == 4, let weights = node.operands[0], let values = node.operands[1],
      let (softmax, normalized) = graph.guardedSoftmax(weights) ?? graph.soleProducer(of: weights, as: Softmax.self),
      softmax.axis == -1 || softmax.axis == 3, let sum = normalized.operands[0],
      let scores = graph.scores(sum), let score = graph.shape(of: sum), score.count == 4
    else { return nil }
    let (query, queryFactor) = graph.unscaled(scores.query)
    let (keys, keyFactor) = graph.unscaled(scores.key)
    guard let source = scores.isKeyTransposed ? keys : graph.transposedMatrix(keys) else { return nil }
    let (key, innerFactor) = graph.unscaled(source)
    (self.query, scale) = (query, scores.scale * queryFactor * keyFactor * innerFactor)
    if let k = graph.unrepeatedHeads(key), let v = graph.unrepeatedHeads(values),
      graph.shape(of: k)?[1] == graph.shape(of: v)?[1]
    {
      (self.key, value) = (k, v)
    } else {
      (self.key, value) = (key, values)
    }
    guard [query, self.key, value].allSatisfy({ graph.rank(of: $0) == 4 && graph.element(of: $0) == .float32 }) else {
      return nil
    }
    guard let added = scores.mask else { return }
    guard let shape = graph.shape(of: added), shape.count <= 4, shape.last == score.last,
      graph.element(of: added) == .float32
    else { return nil }
    mask = added
  }
}

extension Graph {
  /// Results but the first take the places of those of `node`; the first is the rule's to give.
  fileprivate mutating func exchange(_ node: Node, for results: [Value]) -> Value {
    for (old, new) in zip(node.results, results).dropFirst() { replace(old, with: new) }
    return results[0]
  }

  /// `[batch, heads, positions, width]` of which `value` is `[batch, heads, width, positions]`.
  fileprivate func transposedMatrix(_ value: Value) -> Value? {
    guard let node = producer(of: value), let source = node.operands[0] else { return nil }
    if let transpose = node.op as? Transpose { return transpose.perm == [0, 1, 3, 2] ? source : nil }
    // The same through three axes.
    guard node.op is Reshape, let (transpose, inner) = producer(of: source, as: Transpose.self),
      transpose.perm == [0, 2, 1], let joined = inner.operands[0], let split = producer(of: joined),
      split.op is Reshape,
      let origin = split.operands[0], let from = shape(of: origin), let to = shape(of: value), from.count == 4,
      to == [from[0], from[1], from[3], from[2]],
      shape(of: joined) == [from[0] * from[1], from[2], from[3]]
    else { return nil }
    return origin
  }

  /// The heads of which `value` holds each several times, one behind the other.
  fileprivate func unrepeatedHeads(_ value: Value) -> Value? {
    guard let reshape = producer(of: value), reshape.op is Reshape, let repeated = reshape.operands[0],
      let expand = producer(of: repeated), expand.op is Expand, let single = expand.operands[0],
      let unsqueeze = producer(of: single), unsqueeze.op is Unsqueeze || unsqueeze.op is Reshape,
      let heads = unsqueeze.operands[0], let own = shape(of: heads), own.count == 4,
      shape(of: single) == [own[0], own[1], 1, own[2], own[3]], let many = shape(of: repeated), many.count == 5,
      many[0] == own[0], many[1] == own[1], many[3] == own[2], many[4] == own[3],
      shape(of: value) == [own[0], own[1] * many[2], own[2], own[3]]
    else { return nil }
    return heads
  }
}
