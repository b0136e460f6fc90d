public import HoneIR

extension Microsoft {
  /// Layer normalization of input + skip + bias. Results: it, mean, 1/deviation, the sum.
  public struct SkipLayerNormalization: MicrosoftOp, CompositeOp {
    public var epsilon: Float = 1e-12
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(3...5)
      var sum = try g.apply(Add(), operands[0], operands[1])
      if let bias = operands.optional(4) { sum = try g.apply(Add(), sum, bias) }
      var normalization = LayerNormalization()
      normalization.epsilon = epsilon
      let beta = operands.optional(3)
      let results = try g.apply(
        normalization, [sum, operands[2]] + (beta.map { [$0] } ?? []), resultCount: call.resultCount > 1 ? 3 : 1)
      return Array((results + [sum]).prefix(call.resultCount))
    }
  }
}
