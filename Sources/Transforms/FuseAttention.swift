import HoneIR
import HoneOperators

/// Softmax(q·kᵀ·scale + mask)·v of several heads becomes ONNX Runtime's `MultiHeadAttention`.
public struct FuseAttention: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("Where(IsNaN(x), 0, x) → x if x = Softmax(y), y finite", on: Where.self) { (_, node, graph) in
          guard let (_, test) = graph.producer(of: node.operands[0], as: IsNaN.self),
            graph.scalar(node.operands[1]) == 0,
            let x = node.operands[2], test.operands[0] == x, let (_, softmax) = graph.producer(of: x, as: Softmax.self),
            graph.isFiniteSum(softmax.operands[0])
          else { return nil }
          return x
        },
        Rule("heads(Softmax(q·kᵀ + mask)·v) → MultiHeadAttention", on: Reshape.self) {
          (_, node, graph) throws(GraphError) in
          guard let attention = AttentionMatch(node, in: graph) else { return nil }
          return try attention.apply(in: &graph, insteadOf: node)
        },
      ])
    ]
  }
}

/// The parts of an attention as exporters write it.
struct AttentionMatch {
  /// `[batch, length, heads·size]`
  var query, key, value: Value
  var heads: Int
  var scale: Double
  /// Added to the scores: `[batch or 1, heads or 1, length of query, length of key]`.
  var mask: Value?
  /// Where this `[batch, length of key]` is zero, `fill` is added.
  var padding: (value: Value, fill: Double)?

  /// `node` reshapes `[batch, length, heads, size]` to `[batch, length, heads·size]`. With `guarded` the softmax's NaN, where
  /// a row is −∞ throughout, are replaced by 0; without, there is no such guard.
  init?(_ node: Node, in graph: Graph, guarded: Bool = false) {
    guard let merged = graph.shape(of: node.result), merged.count == 3, let product = graph.mergedHeads(node) else {
      return nil
    }
    guard let (_, weighted) = graph.soleProducer(of: product, as: MatMul.self), graph.rank(of: product) == 4,
      graph.element(of: product) == .float32, let weights = weighted.operands[0], let values = weighted.operands[1],
      let (softmax, normalized) = guarded
        ? graph.guardedSoftmax(weights) : graph.soleProducer(of: weights, as: Softmax.self),
      softmax.axis == -1 || softmax.axis == 3,
      let scores = graph.scores(normalized.operands[0]!)
    else { return nil }
    guard let q = graph.splitHeads(scores.query, order: [0, 2, 1, 3]),
      let v = graph.splitHeads(values, order: [0, 2, 1, 3]),
      let k = scores.isKeyTransposed
        ? graph.splitHeads(scores.key, order: [0, 2, 1, 3]) : graph.splitKeys(scores.key), q.heads == k.heads,
      q.heads == v.heads
    else { return nil }
    (query, key, value, heads, scale) = (q.source, k.source, v.source, q.heads, scores.scale * q.factor * k.factor)
    guard v.factor == 1 else { return nil }
    guard let added = scores.mask else { return }
    guard let shape = graph.shape(of: added), let score = graph.shape(of: normalized.operands[0]) else { return nil }
    if let padding = graph.padding(added) {
      self.padding = padding
      return
    }
    if guarded {
      // Sizes that are not known yet are those of the scores, or the sum would have failed.
      let fits = zip(shape, score).allSatisfy { $0 == 1 || $0 == $1 || $0.size == nil }
      guard shape.count == 4, fits, shape[3] == score[3] else { return nil }
      mask = added
      return
    }
    // The last two sizes must be those of the scores, the first two may be 1.
    guard shape.count == 4, shape[2] == score[2], shape[3] == score[3], shape[0] == 1 || shape[0] == score[0],
      shape[1] == 1 || shape[1] == score[1]
    else { return nil }
    mask = added
  }

  func apply(in graph: inout Graph, insteadOf node: Node) throws(GraphError) -> Value? {
    var attention = Microsoft.MultiHeadAttention()
    (attention.num_heads, attention.scale) = (heads, Float(scale))
    var operands: [Value?] = [query, key, value]
    if let padding {
      attention.mask_filter_value = Float(padding.fill)
      operands += [nil, try graph.apply(Cast(to: .int32), padding.value)]
    } else if let mask {
      operands += [nil, nil, mask]
    }
    return try graph.apply(attention, operands, insteadOf: node)
  }
}

extension Graph {
  /// `value` is a product or a sum of a product and a choice between finite numbers; only rows that are −∞ throughout give NaN.
  fileprivate func isFiniteSum(_ value: Value?) -> Bool {
    guard let value, let node = producer(of: value) else { return false }
    switch node.op {
    case is MatMul: return true
    case is Mul, is Div:
      return node.operands.allSatisfy { constant($0) != nil ? (scalar($0)?.isFinite ?? false) : isFiniteSum($0) }
    case is Add: return node.operands.allSatisfy(isFiniteSum)
    case is Where: return node.operands.dropFirst().allSatisfy { scalar($0)?.isFinite ?? false }
    default: return false
    }
  }

  /// x = Softmax(y) of `value` = Where(IsNaN(x), 0, x), which nobody else reads.
  func guardedSoftmax(_ value: Value) -> (op: Softmax, node: Node)? {
    guard let (_, choice) = soleProducer(of: value, as: Where.self), scalar(choice.operands[1]) == 0,
      let x = choice.operands[2], let (_, test) = soleProducer(of: choice.operands[0], as: IsNaN.self),
      test.operands[0] == x, userCount(of: x) == 2, !isOutput(x)
    else { return nil }
    return producer(of: x, as: Softmax.self)
  }

  /// The product of which `node`, a `Reshape` to `[batch, length, heads·size]`, merges the heads.
  fileprivate func mergedHeads(_ node: Node) -> Value? {
    guard let source = node.operands[0] else { return nil }
    if let (transpose, inner) = soleProducer(of: source, as: Transpose.self), order(transpose, 4) == [0, 2, 1, 3] {
      return inner.operands[0]
    }
    // With one head, nothing is transposed.
    return shape(of: source)?.count == 4 && shape(of: source)?[1] == 1 ? source : nil
  }

  struct Scores {
    var query, key: Value
    var scale = 1.0
    var mask: Value?
    /// The key is `[batch, heads, length, size]`.
    var isKeyTransposed = false
  }

  /// What `value`, the operand of the softmax, is made of.
  func scores(_ value: Value) -> Scores? {
    if let (_, sum) = soleProducer(of: value, as: Add.self), let a = sum.operands[0], let b = sum.operands[1] {
      for (product, mask) in [(a, b), (b, a)] {
        guard var scores = scaledProduct(product) else { continue }
        scores.mask = mask
        return scores
      }
      return nil
    }
    return scaledProduct(value)
  }

  private func scaledProduct(_ value: Value) -> Scores? {
    let (source, factor) = unscaled(value)
    guard let node = producer(of: source), isReadOnce(source), let q = node.operands[0], let k = node.operands[1]
    else { return nil }
    if let product = node.op as? Microsoft.FusedMatMul {
      guard !product.transA, !product.transBatchA, !product.transBatchB else { return nil }
      return Scores(query: q, key: k, scale: factor * Double(product.alpha), isKeyTransposed: product.transB)
    }
    guard node.op is MatMul else { return nil }
    return Scores(query: q, key: k, scale: factor)
  }

  /// `value` without a factor, and the factor.
  func unscaled(_ value: Value) -> (Value, Double) {
    guard isReadOnce(value), let node = producer(of: value), node.op is Mul || node.op is Div,
      let (x, constant, position) = withConstant(node),
      let number = scalar(constant), node.op is Mul || (position == 1 && number != 0)
    else { return (value, 1) }
    return (x, node.op is Mul ? number : 1 / number)
  }

  fileprivate struct Heads {
    var source: Value
    var heads: Int
    var factor: Double
  }

  /// `[batch, heads, length, size]` made of `[batch, length, heads·size]`.
  fileprivate func splitHeads(_ value: Value, order wanted: [Int]) -> Heads? {
    let (value, factor) = unscaled(value)
    guard let shape = shape(of: value), shape.count == 4, let node = producer(of: value) else { return nil }
    if let transpose = node.op as? Transpose, order(transpose, 4) == wanted, let inner = node.operands[0] {
      let (unscaledInner, innerFactor) = unscaled(inner)
      guard let reshape = producer(of: unscaledInner), reshape.op is Reshape, let source = reshape.operands[0],
        let split = self.shape(of: unscaledInner), isSplit(source, split)
      else { return nil }
      return Heads(source: source, heads: split[2].size!, factor: factor * innerFactor)
    }
    // With one head, a reshape does the same.
    guard wanted == [0, 2, 1, 3], node.op is Reshape, shape[1] == 1, let source = node.operands[0],
      isSplit(source, [shape[0], shape[2], shape[1], shape[3]])
    else { return nil }
    return Heads(source: source, heads: 1, factor: factor)
  }

  /// `[batch, heads, size, length]` made of `[batch, length, heads·size]`.
  fileprivate func splitKeys(_ value: Value) -> Heads? {
    if let heads = splitHeads(value, order: [0, 2, 3, 1]) { return heads }
    let (value, factor) = unscaled(value)
    guard let (transpose, inner) = producer(of: value, as: Transpose.self), order(transpose, 4) == [0, 1, 3, 2],
      var heads = splitHeads(inner.operands[0]!, order: [0, 2, 1, 3])
    else { return nil }
    heads.factor *= factor
    return heads
  }

  /// `split` is the shape of `source`, `[batch, length, heads·size]`, with the last axis divided.
  private func isSplit(_ source: Value, _ split: [Dimension]) -> Bool {
    guard let shape = shape(of: source), shape.count == 3, split.count == 4, let heads = split[2].size,
      let size = split[3].size
    else { return false }
    return shape[0] == split[0] && shape[1] == split[1] && shape[2].size == heads * size
  }

  /// m and c if `mask` is (1 − cast(m))·c, m being `[batch, length]` as `[batch, 1, 1, length]`.
  fileprivate func padding(_ mask: Value) -> (value: Value, fill: Double)? {
    guard let match = match(.difference(1.0, .operand(0)) * .parameter(0), mask), let inverted = match.operands[0],
      let fill = match.parameters[0], fill < -1000, let (_, cast) = producer(of: inverted, as: Cast.self),
      let wide = cast.operands[0],
      element(of: wide)?.isInteger ?? false, let shape = shape(of: wide), shape.count == 4, shape[1] == 1,
      shape[2] == 1,
      let reshape = producer(of: wide), reshape.op is Reshape || reshape.op is Unsqueeze,
      let source = reshape.operands[0],
      let own = self.shape(of: source), own == [shape[0], shape[3]]
    else { return nil }
    return (source, fill)
  }
}
