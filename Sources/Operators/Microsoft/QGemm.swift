public import HoneIR

extension Microsoft {
  /// Y = alpha · a_scale · b_scale · (op(A)·op(B) + C), quantized if scale and zero point of Y are given.
  public struct QGemm: MicrosoftOp, CompositeOp {
    public var alpha: Float = 1
    public var transA = false
    public var transB = false
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(6...9)
      let a = transA ? try g.transpose(operands[0], [1, 0]) : operands[0]
      let b = transB ? try g.transpose(operands[3], [1, 0]) : operands[3]
      var sums = try g.apply(MatMulInteger(), a, b, operands[2], operands[5])
      if let c = operands.optional(6) { sums = try g.apply(Add(), sums, c) }
      var scale = try g.apply(Mul(), operands[1], operands[4])
      if alpha != 1 { scale = try g.apply(Mul(), scale, try g.scalar(Double(alpha), like: scale)) }
      let y = try g.apply(Mul(), try g.cast(sums, to: .float32), scale)
      guard operands.optional(7) != nil else { return [y] }
      return [try g.quantize(y, operands[7], operands.optional(8), like: operands[0])]
    }
  }
}
