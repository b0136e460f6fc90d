public import HoneIR
import HoneOperators

/// Layer normalization (Ba et al., arXiv 1607.06450) over the last axis.
public struct LayerNorm: Layer {
  public var epsilon: Float
  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let width = try network.size(of: x, axis: try network.rank(of: x) - 1)
    let fans = Fans(incoming: 1, outgoing: 1)
    var op = LayerNormalization()
    op.epsilon = epsilon
    return try network.apply(
      op, x, network.parameter("weight", [width], .constant(1), fans: fans),
      network.parameter("bias", [width], .zeros, fans: fans))
  }
}
