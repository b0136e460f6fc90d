public import HoneIR

extension Microsoft {
  /// Root-mean-square normalization of input + skip + bias. Results: it, mean, 1/deviation, the sum.
  public struct SkipSimplifiedLayerNormalization: MicrosoftOp, CompositeOp {
    public var epsilon: Float = 1e-12
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(3...4)
      var sum = try g.apply(Add(), operands[0], operands[1])
      if let bias = operands.optional(3) { sum = try g.apply(Add(), sum, bias) }
      var normalization = RMSNormalization()
      normalization.epsilon = epsilon
      let y = try g.apply(normalization, sum, operands[2])
      if call.resultCount == 1 { return [y] }
      let last = g.integers(-1)
      let mean = try g.apply(ReduceMean(), sum, last)
      let square = try g.apply(ReduceMean(), try g.apply(Mul(), sum, sum), last)
      let shifted = try g.apply(Add(), square, try g.scalar(Double(epsilon), like: square))
      let factor = try g.apply(Reciprocal(), try g.apply(Sqrt(), shifted))
      return Array([y, mean, factor, sum].prefix(call.resultCount))
    }
  }
}
