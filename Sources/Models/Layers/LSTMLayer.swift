public import HoneIR
import HoneOperators

/// Layers of long short-term memory (Hochreiter and Schmidhuber 1997) over `[batch, steps, inputs]`; gates in the order
/// input, output, forget, cell.
public struct LSTMLayer: Layer {
  public var hidden: Int
  public var layers: Int
  public var output: RecurrentOutput
  /// Dropped between layers in training.
  public var dropout: Float

  public init(_ hidden: Int, layers: Int = 1, output: RecurrentOutput = .lastStep, dropout: Float = 0) {
    (self.hidden, self.layers, self.output, self.dropout) = (hidden, layers, output, dropout)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = LSTM()
    op.hidden_size = hidden
    return try RecurrentStack(
      op: op, gates: 4, resultCount: 2, hidden: hidden, layers: layers, output: output, dropout: dropout
    ).append(to: &network, x)
  }
}
