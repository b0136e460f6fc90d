public import HoneIR

extension Microsoft {
  /// The normalized sum of word, position and segment embeddings. Results: it, the length of each sample, the sum.
  public struct EmbedLayerNormalization: MicrosoftOp, CompositeOp {
    public var epsilon: Float = 1e-12
    public var mask_index_type: Int?
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(7...9)
      let ids = try operands.required(0)
      var sum = try g.gather(operands[2], ids)
      if let positions = operands.optional(8) {
        sum = try g.apply(Add(), sum, try g.gather(operands[3], positions))
      } else {
        let steps = try g.size(ids, axis: 1)
        sum = try g.apply(Add(), sum, try g.apply(Slice(), operands[3], g.integers(0), steps, g.integers(0)))
      }
      if operands[1] != nil && operands[4] != nil {
        sum = try g.apply(Add(), sum, try g.gather(operands[4], operands[1]))
      }
      var normalization = LayerNormalization()
      normalization.epsilon = epsilon
      let y = try g.apply(normalization, sum, operands[5], operands[6])
      if call.resultCount == 1 { return [y] }
      let noMask = try g.apply(Sub(), ids, ids)
      let mask = operands.optional(7) ?? noMask
      let lengths = try g.apply(try ReduceSum(attributes: ["keepdims": .int(0)]), mask, g.integers(1))
      return Array([y, try g.cast(lengths, to: .int32), sum].prefix(call.resultCount))
    }
  }
}
