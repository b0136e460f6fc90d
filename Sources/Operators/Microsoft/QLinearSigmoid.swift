public import HoneIR

extension Microsoft {
  /// Y = 1 / (1 + e^−X), both quantized.
  public struct QLinearSigmoid: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandUnary(Sigmoid(), operands, call, in: &g)
    }
  }
}

/// Applies `op` between dequantizing X and quantizing Y.
func expandUnary(_ op: any Op, _ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
  try call.expectOperands(4...5)
  let y = try g.apply(op, try g.dequantize(operands[0], operands[1], operands[2]))
  return [try g.quantize(y, operands[3], operands.optional(4), like: operands[0])]
}
