public import HoneIR

extension Microsoft {
  /// Z = condition ? X : Y, all quantized.
  public struct QLinearWhere: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(9...9)
      let x = try g.dequantize(operands[1], operands[2], operands[3])
      let y = try g.dequantize(operands[4], operands[5], operands[6])
      return [try g.quantize(try g.apply(Where(), operands[0], x, y), operands[7], operands[8], like: operands[1])]
    }
  }
}
