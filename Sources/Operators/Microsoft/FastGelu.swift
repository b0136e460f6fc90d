public import HoneIR

extension Microsoft {
  /// y = gelu(x + bias), approximated with tanh.
  public struct FastGelu: MicrosoftOp, CompositeOp {
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(1...2)
      var gelu = HoneOperators.Gelu()
      gelu.approximate = .tanh
      let x = try operands.required(0)
      return [
        try g.apply(gelu, try operands.optional(1).map { bias throws(GraphError) in try g.apply(Add(), x, bias) } ?? x)
      ]
    }
  }
}
