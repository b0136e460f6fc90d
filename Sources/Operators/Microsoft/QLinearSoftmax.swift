public import HoneIR

extension Microsoft {
  /// The softmax of X along `axis`, both quantized; before opset 13 over all axes from `axis` on.
  public struct QLinearSoftmax: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["opset"]
    public var axis = -1
    public var opset = 13
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(5...5)
      let x = try g.dequantize(operands[0], operands[1], operands[2])
      var softmax = Softmax()
      softmax.axis = axis
      var y: Value
      if opset >= 13 {
        y = try g.apply(softmax, x)
      } else {
        softmax.axis = -1
        let rows = try g.apply(try Flatten(attributes: ["axis": .int(axis)]), x)
        y = try g.apply(Reshape(), try g.apply(softmax, rows), try g.apply(Shape(), x))
      }
      y = try g.quantize(y, operands[3], operands[4], like: operands[0])
      return [y]
    }
  }
}
