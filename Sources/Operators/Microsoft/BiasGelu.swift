public import HoneIR

extension Microsoft {
  /// y = gelu(a + b)
  public struct BiasGelu: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(2...2)
      return [try g.apply(HoneOperators.Gelu(), try g.apply(Add(), operands[0], operands[1]))]
    }
  }
}
