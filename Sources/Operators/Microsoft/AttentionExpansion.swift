import HoneIR

/// Attention as ONNX Runtime's operators describe it, on its way to the standard operator.
struct AttentionExpansion {
  var heads: Int
  var scale: Float?
  var isCausal = false
  /// What is added to the scores of masked keys.
  var filter: Float?
  /// `[batch, steps, width]` or `[batch, heads, steps, width]`.
  var query: Value
  var key: Value
  var value: Value
  /// Marks of the valid keys: `[batch]` (how many), `[batch, keys]` or `[batch, queries, keys]`.
  var mask: Value?
  /// Added to the scores, `[batch, heads, queries, keys]`.
  var bias: Value?
  var pastKey: Value?
  var pastValue: Value?

  /// The result, keys and values.
  func build(resultCount: Int, in g: inout Graph) throws(GraphError) -> [Value] {
    var attention = Attention()
    attention.is_causal = isCausal
    attention.scale = scale == 0 ? nil : scale
    if g.tensorType(of: query).rank == 3 { (attention.q_num_heads, attention.kv_num_heads) = (heads, heads) }
    var scores = try additiveMask(in: &g)
    if let bias {
      if let mask = scores { scores = try g.apply(Add(), mask, bias) } else { scores = bias }
    }
    var operands: [Value?] = [query, key, value, scores, pastKey, pastValue]
    while case .some(nil) = operands.last { operands.removeLast() }
    return try g.apply(attention, operands, resultCount: resultCount)
  }

  /// `mask` as numbers to add to the scores, broadcasting to `[batch, heads, queries, keys]`.
  private func additiveMask(in g: inout Graph) throws(GraphError) -> Value? {
    guard let mask else { return nil }
    let element = g.tensorType(of: query).element
    let filter = g.constant(try .number(Double(filter ?? -10000), element))
    let zero = g.constant(try .number(0, element))
    switch g.tensorType(of: mask).rank {
    case 1:
      let shape = g.tensorType(of: mask).shape
      if let count = shape?[0].size, let batch = g.tensorType(of: query).shape?[0].size, count != batch {
        throw GraphError(.unsupported, "has no kernel for a mask of \(count) numbers for \(batch) samples")
      }
      var keys = try g.size(key, axis: g.tensorType(of: key).rank == 3 ? 1 : 2)
      if let pastKey { keys = try g.apply(Add(), keys, try g.size(pastKey, axis: 2)) }
      let scalars = (g.constant(.scalar(Int64(0))), g.constant(.scalar(Int64(1))))
      let last = try g.apply(Squeeze(), keys)
      let positions = try g.apply(NumberRange(), scalars.0, last, scalars.1)
      let lengths = try g.unsqueeze(try g.cast(mask, to: .int64), 1, 2, 3)
      return try g.apply(Where(), try g.apply(Less(), positions, lengths), zero, filter)
    case 2, 3:
      let isPair = g.tensorType(of: mask).rank == 2
      let aligned = isPair ? try g.unsqueeze(mask, 1, 2) : try g.unsqueeze(mask, 1)
      return try g.apply(Where(), try g.cast(aligned, to: .bool), zero, filter)
    case let rank:
      throw GraphError(.unsupported, "has no kernel for a mask of \(rank.map(String.init) ?? "unknown") axes")
    }
  }
}

extension Graph {
  /// Keys and values of the past from `[2, batch, heads, steps, width]`.
  mutating func pastPair(_ past: Value?) throws(GraphError) -> (key: Value, value: Value)? {
    guard let past else { return nil }
    let (first, second) = (constant(.scalar(Int64(0))), constant(.scalar(Int64(1))))
    return (try gather(past, first), try gather(past, second))
  }

  /// Pieces of the last axis of `x`.
  mutating func pieces(_ x: Value, _ sizes: [Int]) throws(GraphError) -> [Value] {
    try apply(try Split(attributes: ["axis": .int(-1)]), [x, constant(.integers(sizes))], resultCount: sizes.count)
  }
}
