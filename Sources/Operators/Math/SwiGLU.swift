public import HoneIR

/// y = a / (1 + e^(−alpha·a)) · b
public struct SwiGLU: CompositeOp {
  public var alpha: Float = 1
  public init() {}
  public static var since: Int { 28 }

  public func expand(_ operands: [Value?], _ call: Call, in graph: inout Graph) throws(GraphError) -> [Value] {
    try call.expectOperands(2...2)
    var gate = Swish()
    gate.alpha = alpha
    return [try graph.apply(Mul(), graph.apply(gate, operands[0]), operands[1])]
  }
}
