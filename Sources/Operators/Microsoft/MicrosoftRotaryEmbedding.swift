public import HoneIR

extension Microsoft {
  /// Pairs of features turned by angles that depend on the position. Operands: x, positions, cosines, sines.
  public struct RotaryEmbedding: MicrosoftOp, CompositeOp {
    public var interleaved = false
    public var is_packed_batching = false
    public var num_heads = 0
    public var rotary_embedding_dim = 0
    public var scale: Float = 1
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(4...4)
      guard !is_packed_batching, scale == 1 else {
        throw GraphError(.unsupported, "is_packed_batching and scale are not supported")
      }
      let x = try operands.required(0)
      let positions = try operands.required(1)
      guard g.tensorType(of: positions).rank == 2 else {
        throw GraphError(.unsupported, "has no kernel for positions that are one offset")
      }
      var rotary = HoneOperators.RotaryEmbedding()
      (rotary.interleaved, rotary.num_heads, rotary.rotary_embedding_dim) = (
        interleaved, num_heads, rotary_embedding_dim
      )
      if g.tensorType(of: x).rank == 3 && num_heads == 0 {
        guard let width = g.tensorType(of: x).shape?[2].size,
          let half = call.operands[2]?.type.tensor?.shape?.last?.size
        else {
          throw GraphError(.unsupported, "the width of x is not known")
        }
        rotary.num_heads = width / (2 * half)
      }
      return [try g.apply(rotary, x, operands[2], operands[3], positions)]
    }
  }
}
