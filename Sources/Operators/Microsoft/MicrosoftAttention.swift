public import HoneIR

extension Microsoft {
  /// Attention of a sequence to itself; queries, keys and values are one product with `weights`.
  ///
  /// Operands: input, weights, bias, mask, past, attention bias. Results: output, keys and values with the past.
  public struct Attention: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["num_heads"]
    public var do_rotary = false
    public var mask_filter_value: Float?
    public var num_heads = 0
    public var past_present_share_buffer = false
    public var qkv_hidden_sizes: [Int] = []
    public var rotary_embedding_dim = 0
    public var scale: Float?
    public var unidirectional = false
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(2...6)
      var projected = try g.apply(MatMul(), operands[0], operands[1])
      if let bias = operands.optional(2) { projected = try g.apply(Add(), projected, bias) }
      if do_rotary || past_present_share_buffer {
        throw GraphError(.unsupported, "do_rotary and past_present_share_buffer are not supported")
      }
      let parts = try g.queryKeyValue(projected, qkv_hidden_sizes)
      var attention = AttentionExpansion(heads: num_heads, query: parts[0], key: parts[1], value: parts[2])
      (attention.scale, attention.isCausal, attention.filter) = (scale, unidirectional, mask_filter_value)
      (attention.mask, attention.bias) = (operands.optional(3), operands.optional(5))
      return try attention.withPast(operands.optional(4), resultCount: call.resultCount, in: &g)
    }
  }

  /// `Attention` whose product with the weights is one of 8-bit integers.
  ///
  /// Operands: input, weights, bias, input scale, weight scale, mask, input zero point, weight zero point, past.
  public struct QAttention: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["num_heads"]
    public var do_rotary = false
    public var mask_filter_value: Float?
    public var num_heads = 0
    public var past_present_share_buffer = false
    public var scale: Float?
    public var unidirectional = false
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(5...9)
      if do_rotary || past_present_share_buffer {
        throw GraphError(.unsupported, "do_rotary and past_present_share_buffer are not supported")
      }
      let projected = try g.apply(
        MatMulIntegerToFloat(), operands[0], operands[1], operands[3], operands[4], operands.optional(6),
        operands.optional(7),
        operands[2])
      let parts = try g.queryKeyValue(projected, [])
      var attention = AttentionExpansion(heads: num_heads, query: parts[0], key: parts[1], value: parts[2])
      (attention.scale, attention.isCausal, attention.filter) = (scale, unidirectional, mask_filter_value)
      attention.mask = operands.optional(5)
      return try attention.withPast(operands.optional(8), resultCount: call.resultCount, in: &g)
    }
  }
}

extension Graph {
  /// The three parts of a projection; of equal sizes if none are given.
  fileprivate mutating func queryKeyValue(_ projected: Value, _ sizes: [Int]) throws(GraphError) -> [Value] {
    if sizes.count == 3 { return try pieces(projected, sizes) }
    guard let width = tensorType(of: projected).shape?.last?.size else {
      throw GraphError(.unsupported, "the width of the weights is not known")
    }
    return try pieces(projected, [width / 3, width / 3, width / 3])
  }
}

extension AttentionExpansion {
  /// The result and, if wanted, keys and values as `[2, batch, heads, steps, width]`.
  fileprivate func withPast(_ past: Value?, resultCount: Int, in g: inout Graph) throws(GraphError) -> [Value] {
    var attention = self
    if let pair = try g.pastPair(past) { (attention.pastKey, attention.pastValue) = (pair.key, pair.value) }
    let results = try attention.build(resultCount: resultCount > 1 ? 3 : 1, in: &g)
    if resultCount == 1 { return results }
    return [results[0], try g.concat([try g.unsqueeze(results[1], 0), try g.unsqueeze(results[2], 0)], axis: 0)]
  }
}
