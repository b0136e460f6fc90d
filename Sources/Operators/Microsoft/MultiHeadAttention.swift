public import HoneIR

extension Microsoft {
  /// Attention of queries to keys and values that are projected already.
  ///
  /// Operands: query, key, value, bias, key padding mask, attention bias, past keys, past values. Results: output, keys
  /// and values with the past. Without key and value, `query` is `[batch, steps, heads, 3, width]`; without value, `key` is
  /// `[batch, steps, heads, 2, width]`.
  public struct MultiHeadAttention: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["num_heads"]
    public var mask_filter_value: Float?
    public var num_heads = 0
    public var scale: Float?
    public var unidirectional = false
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(1...10)
      guard operands.optional(8) == nil, operands.optional(9) == nil, call.resultCount <= 3 else {
        throw GraphError(.unsupported, "past_sequence_length, cache_indirection and scores are not supported")
      }
      var (query, key, value) = try unpacked(operands, in: &g)
      if let bias = operands.optional(3) { try add(bias, &query, &key, &value, in: &g) }
      let isSplit = g.tensorType(of: key).rank == 4
      if isSplit {
        query = try g.transpose(try g.reshape(query, 0, 0, num_heads, -1), [0, 2, 1, 3])
        if g.tensorType(of: value).rank == 3 {
          value = try g.transpose(try g.reshape(value, 0, 0, num_heads, -1), [0, 2, 1, 3])
        }
      }
      var attention = AttentionExpansion(heads: num_heads, query: query, key: key, value: value)
      (attention.scale, attention.isCausal, attention.filter) = (scale, unidirectional, mask_filter_value)
      (attention.mask, attention.bias) = (operands.optional(4), operands.optional(5))
      (attention.pastKey, attention.pastValue) = (operands.optional(6), operands.optional(7))
      var results = try attention.build(resultCount: call.resultCount, in: &g)
      if isSplit { results[0] = try g.reshape(try g.transpose(results[0], [0, 2, 1, 3]), 0, 0, -1) }
      return results
    }

    /// Queries, keys and values, each `[batch, steps, width]`; keys and values may come as `[batch, heads, steps, width]`.
    private func unpacked(_ operands: [Value?], in g: inout Graph) throws(GraphError) -> (Value, Value, Value) {
      let query = try operands.required(0)
      if let key = operands.optional(1), let value = operands.optional(2) { return (query, key, value) }
      let packed = operands.optional(1) ?? query
      let count = operands.optional(1) == nil ? 3 : 2
      var parts: [Value] = []
      for i in 0..<count { parts.append(try g.reshape(try g.slice(packed, axis: 3, i..<i + 1), 0, 0, -1)) }
      return count == 3 ? (parts[0], parts[1], parts[2]) : (query, parts[0], parts[1])
    }

    private func add(
      _ bias: Value, _ query: inout Value, _ key: inout Value, _ value: inout Value, in g: inout Graph
    ) throws(GraphError) {
      guard let width = g.tensorType(of: query).shape?.last?.size, let total = g.tensorType(of: bias).shape?.last?.size
      else {
        throw GraphError(.unsupported, "the width of the queries is not known")
      }
      query = try g.apply(Add(), query, try g.slice(bias, axis: 0, 0..<width))
      if g.tensorType(of: key).rank == 3 {
        key = try g.apply(Add(), key, try g.slice(bias, axis: 0, width..<2 * width))
      }
      if g.tensorType(of: value).rank == 3 {
        value = try g.apply(Add(), value, try g.slice(bias, axis: 0, 2 * width..<total))
      }
    }
  }
}
