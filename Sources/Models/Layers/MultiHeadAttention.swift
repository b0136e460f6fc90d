public import HoneIR
import HoneOperators

/// Self-attention of several heads (Vaswani et al., arXiv 1706.03762) over `[batch, tokens, width]`: Softmax(q·kᵀ/√depth)·v
/// for each head, projected. Weights: `self.query`, `self.key`, `self.value`, `output.dense`.
public struct MultiHeadAttention: Layer {
  public var heads: Int
  /// Dropped from the shares of attention in training.
  public var dropout: Float
  public var weightInitialization: Initialization
  public var biasInitialization: Initialization

  public init(
    heads: Int, dropout: Float = 0, weights: Initialization = .standard, biases: Initialization = .standard
  ) {
    (self.heads, self.dropout) = (heads, dropout)
    (weightInitialization, biasInitialization) = (weights, biases)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let width = try network.size(of: x, axis: 2)
    guard heads > 0, width % heads == 0 else {
      throw GraphError(.attribute, "a width of \(width) does not part into \(heads) heads")
    }
    let depth = width / heads
    let dense = Dense(width, weights: weightInitialization, biases: biasInitialization)
    let context = try network.scoped("self") { (network) throws(GraphError) in
      let query = try split(network.append(dense, to: x, named: "query"), depth, [0, 2, 1, 3], "query", &network)
      let key = try split(network.append(dense, to: x, named: "key"), depth, [0, 2, 3, 1], "key", &network)
      let value = try split(network.append(dense, to: x, named: "value"), depth, [0, 2, 1, 3], "value", &network)
      let scale = network.constant(.scalar(1 / Float(depth).squareRoot()), "scale")
      let scores = try network.apply(Mul(), network.apply(MatMul(), query, key, named: "scores"), scale)
      let shares = try network.append(
        DropoutLayer(dropout), to: network.apply(Softmax(), scores), named: "dropout")
      let heads = try network.apply(
        transposed([0, 2, 1, 3]), network.apply(MatMul(), shares, value, named: "mix"), named: "merge")
      return try network.apply(
        Reshape(), heads, network.constant(.integers([0, 0, width]), "merged"), named: "merged")
    }
    return try network.append(dense, to: context, named: "output.dense")
  }

  /// `[batch, tokens, width]` as `[batch, tokens, heads, depth]` with its axes in another order.
  private func split(
    _ x: Value, _ depth: Int, _ order: [Int], _ name: String, _ network: inout Network
  ) throws(GraphError) -> Value {
    let shape = network.constant(.integers([0, 0, heads, depth]), "\(name).heads")
    let parts = try network.apply(Reshape(), x, shape, named: "\(name).split")
    return try network.apply(transposed(order), parts, named: "\(name).turn")
  }

  private func transposed(_ order: [Int]) -> Transpose {
    var op = Transpose()
    op.perm = order
    return op
  }
}
