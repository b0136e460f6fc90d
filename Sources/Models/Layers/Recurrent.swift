import HoneIR
import HoneOperators

/// What a recurrent layer passes on.
public enum RecurrentOutput: Sendable, Hashable {
  /// `[batch, steps, hidden]`.
  case allSteps
  /// `[batch, hidden]`.
  case lastStep
}

/// Layers of one recurrent operator, one above the other.
struct RecurrentStack {
  let op: any Op
  let gates: Int
  /// Results of the operator; the second is the last state.
  let resultCount: Int
  let hidden: Int
  let layers: Int
  let output: RecurrentOutput
  let dropout: Float

  /// `x` is `[batch, steps, inputs]`. Weights are kept as the operators want them: `weight_ih_l0` `[1, gates·hidden,
  /// inputs]`, `weight_hh_l0` `[1, gates·hidden, hidden]`, `bias_l0` `[1, 2·gates·hidden]`, gates in ONNX's order.
  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    guard try network.rank(of: x) == 3 else {
      throw GraphError(.type, "\(op.name) reads [batch, steps, inputs], not \(network.graph.tensorType(of: x))")
    }
    let fans = Fans(incoming: hidden, outgoing: hidden)
    var steps = try network.apply(turned, x, named: "steps")
    for layer in 0..<layers {
      let inputs = try network.size(of: steps, axis: 2)
      let weights = [
        network.parameter("weight_ih_l\(layer)", [1, gates * hidden, inputs], .standard, fans: fans),
        network.parameter("weight_hh_l\(layer)", [1, gates * hidden, hidden], .standard, fans: fans),
        network.parameter("bias_l\(layer)", [1, 2 * gates * hidden], .standard, fans: fans),
      ]
      let results = try network.apply(op, [steps] + weights, resultCount: resultCount, named: "l\(layer)")
      if layer == layers - 1, output == .lastStep {
        return try network.apply(Squeeze(), results[1], network.constant(.integers([0]), "direction"))
      }
      steps = try network.apply(Squeeze(), results[0], network.constant(.integers([1]), "direction_l\(layer)"))
      if layer < layers - 1, dropout > 0 {
        steps = try network.append(DropoutLayer(dropout), to: steps, named: "dropout_l\(layer)")
      }
    }
    return try network.apply(turned, steps, named: "batch")
  }

  /// Batch first to steps first, or back.
  private var turned: Transpose {
    var op = Transpose()
    op.perm = [1, 0, 2]
    return op
  }
}
