public import HoneIR

extension Microsoft {
  /// The mean over `axes`, quantized.
  public struct QLinearReduceMean: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["axes", "keepdims"]
    public var axes: [Int] = []
    public var keepdims = true
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(4...5)
      var mean = ReduceMean()
      mean.keepdims = keepdims
      let x = try g.dequantize(operands[0], operands[1], operands[2])
      let y = try g.apply(mean, x, g.constant(.integers(axes)))
      return [try g.quantize(y, operands[3], operands.optional(4), like: operands[0])]
    }
  }
}
