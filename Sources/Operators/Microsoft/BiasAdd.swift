public import HoneIR

extension Microsoft {
  /// y = x + bias + skip
  public struct BiasAdd: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(3...3)
      return [try g.apply(Add(), try g.apply(Add(), operands[0], operands[1]), operands[2])]
    }
  }
}
