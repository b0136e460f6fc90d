public import HoneIR

extension Microsoft {
  /// y = a·((b − b_zero_point)·b_scale) + bias with `a` quantized by its range.
  public struct DynamicQuantizeMatMul: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(3...5)
      let a = try g.apply(DynamicQuantizeLinear(), [operands[0]], resultCount: 3)
      let product = MatMulIntegerToFloat()
      return [
        try g.apply(
          product, a[0], operands[1], a[1], operands[2], a[2], operands.optional(3), operands.optional(4))
      ]
    }
  }
}
