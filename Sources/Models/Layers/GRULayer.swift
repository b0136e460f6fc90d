public import HoneIR
import HoneOperators

/// Layers of gated recurrent units (Cho et al., arXiv 1406.1078) over `[batch, steps, inputs]`, the reset gate applied
/// after the product; gates in the order update, reset, new.
public struct GRULayer: Layer {
  public var hidden: Int
  public var layers: Int
  public var output: RecurrentOutput
  /// Dropped between layers in training.
  public var dropout: Float

  public init(_ hidden: Int, layers: Int = 1, output: RecurrentOutput = .lastStep, dropout: Float = 0) {
    (self.hidden, self.layers, self.output, self.dropout) = (hidden, layers, output, dropout)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = GRU()
    op.hidden_size = hidden
    op.linear_before_reset = true
    return try RecurrentStack(
      op: op, gates: 3, resultCount: 2, hidden: hidden, layers: layers, output: output, dropout: dropout
    ).append(to: &network, x)
  }
}
