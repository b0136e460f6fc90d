public import HoneIR

extension Microsoft {
  /// The mean of each plane, quantized.
  public struct QLinearGlobalAveragePool: MicrosoftOp, CompositeOp {
    /// Operands and result are `[N, …, C]`.
    public var channels_last = false
    public init() {}
    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandUnary(channels_last ? NHWCGlobalAveragePool() : GlobalAveragePool(), operands, call, in: &g)
    }
  }
}
