public import HoneIR

/// y = x·σ(alpha·x)
public struct QuickGelu: CompositeOp, ElementwiseOp {
  public var alpha: Float = 1.702
  public init() {}
  public static var domain: String { "com.microsoft" }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    try call.expectOperands(1...1)
    let x = operands[0]
    var inner = x
    if alpha != 1 { inner = try g.apply(Mul(), x, g.constant(.number(Double(alpha), call.element(0)))) }
    return [try g.apply(Mul(), x, g.apply(Sigmoid(), inner))]
  }
}
