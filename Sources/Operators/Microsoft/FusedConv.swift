public import HoneIR

extension Microsoft {
  /// y = activation(conv(x, w) + b + z)
  public struct FusedConv: MicrosoftOp, CompositeOp, ActivatedOp {
    public var activation = ""
    public var activation_params: [Float] = []
    public var auto_pad = AutoPad.notSet
    public var dilations: [Int] = []
    public var group = 1
    public var kernel_shape: [Int] = []
    public var pads: [Int] = []
    public var strides: [Int] = []
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(2...4)
      var conv = Conv()
      (conv.auto_pad, conv.dilations, conv.group) = (auto_pad, dilations, group)
      (conv.kernel_shape, conv.pads, conv.strides) = (kernel_shape, pads, strides)
      var y = try g.apply(conv, Array(operands.prefix(3)), resultCount: 1)[0]
      if let z = operands.optional(3) { y = try g.apply(Add(), y, z) }
      return [try activate(y, in: &g)]
    }
  }
}
