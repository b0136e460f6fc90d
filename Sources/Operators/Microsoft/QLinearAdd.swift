public import HoneIR
import HoneKernels

extension Microsoft {
  /// C = A + B, all quantized.
  public struct QLinearAdd: MicrosoftOp, ExecutableOp, CompositeOp {
    public init() {}
    public func kernel(_ call: Call) throws(GraphError) -> Kernel { try byteCombination(.add, call) }
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandBinary(Add(), operands, call, in: &g)
    }
  }
}

/// Applies `op` between dequantizing A, B and quantizing C.
func expandBinary(_ op: any Op, _ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
  try call.expectOperands(7...8)
  let a = try g.dequantize(operands[0], operands[1], operands[2])
  let b = try g.dequantize(operands[3], operands[4], operands[5])
  return [try g.quantize(try g.apply(op, a, b), operands[6], operands.optional(7), like: operands[0])]
}
