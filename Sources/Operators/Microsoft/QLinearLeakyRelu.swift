public import HoneIR

extension Microsoft {
  /// Y = X < 0 ? alpha · X : X, both quantized.
  public struct QLinearLeakyRelu: MicrosoftOp, CompositeOp {
    public var alpha: Float = 0.01
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      var relu = LeakyRelu()
      relu.alpha = alpha
      return try expandUnary(relu, operands, call, in: &g)
    }
  }
}
