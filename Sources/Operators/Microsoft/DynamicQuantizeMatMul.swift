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

  /// y = (a − a_zero_point)·(b − b_zero_point) · a_scale · b_scale + bias
  public struct MatMulIntegerToFloat: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(4...7)
      let zeros = [operands.optional(4), operands.optional(5)]
      let sums = try g.apply(MatMulInteger(), [operands[0], operands[1]] + zeros, resultCount: 1)[0]
      let scale = try g.apply(Mul(), operands[2], operands[3])
      let y = try g.apply(Mul(), try g.cast(sums, to: .float32), scale)
      return [try operands.optional(6).map { bias throws(GraphError) in try g.apply(Add(), y, bias) } ?? y]
    }
  }
}
