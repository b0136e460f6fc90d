public import HoneIR
import HoneOperators

/// Batch normalization (Ioffe and Szegedy, arXiv 1502.03167) in its inference form, over axis 1; training puts the
/// statistics of the batch in the place of `running_mean` and `running_var`.
public struct BatchNorm: Layer {
  public var epsilon: Float
  /// The share of the running statistics that a step of training keeps.
  public var momentum: Float

  public init(epsilon: Float = 1e-5, momentum: Float = 0.9) { (self.epsilon, self.momentum) = (epsilon, momentum) }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let channels = try network.size(of: x, axis: 1)
    let fans = Fans(incoming: 1, outgoing: 1)
    var op = BatchNormalization()
    (op.epsilon, op.momentum) = (epsilon, momentum)
    return try network.apply(
      op, x, network.parameter("weight", [channels], .constant(1), fans: fans),
      network.parameter("bias", [channels], .zeros, fans: fans), network.statistic("running_mean", [channels], 0),
      network.statistic("running_var", [channels], 1))
  }
}
