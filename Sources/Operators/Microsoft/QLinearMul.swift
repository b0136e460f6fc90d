public import HoneIR
import HoneKernels

extension Microsoft {
  /// C = A · B, all quantized.
  public struct QLinearMul: MicrosoftOp, ExecutableOp, CompositeOp {
    public init() {}
    public func kernel(_ call: Call) throws(GraphError) -> Kernel { try byteCombination(.mul, call) }
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandBinary(Mul(), operands, call, in: &g)
    }
  }
}
