public import HoneIR

extension Microsoft {
  /// Tensors quantized differently, behind each other along `axis`. Operands: scale and zero point of the result, then
  /// tensor, scale and zero point of each.
  public struct QLinearConcat: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["axis"]
    public var axis = 0
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      guard operands.count >= 5, operands.count % 3 == 2 else {
        throw GraphError(.arity, "takes 2 operands and 3 for each tensor, has \(operands.count)")
      }
      var parts: [Value] = []
      for i in stride(from: 2, to: operands.count, by: 3) {
        parts.append(try g.dequantize(operands[i], operands[i + 1], operands[i + 2]))
      }
      return [try g.quantize(try g.concat(parts, axis: axis), operands[0], operands[1], like: operands[2])]
    }
  }
}
