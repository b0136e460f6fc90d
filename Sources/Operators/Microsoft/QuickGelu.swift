public import HoneIR

/// y = x·σ(alpha·x)
public struct QuickGelu: MicrosoftOp, CompositeOp, ElementwiseOp {
  public var alpha: Float = 1.702
  public init() {}
  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    try call.expectOperands(1...1)
    var swish = Swish()
    swish.alpha = alpha
    return [try g.apply(swish, operands[0])]
  }
}
