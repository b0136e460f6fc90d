public import HoneIR

extension Microsoft {
  /// C = A · B, all quantized.
  public struct QLinearMul: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandBinary(Mul(), operands, call, in: &g)
    }
  }
}
