public import HoneIR
import HoneOperators

/// `[batch, a, b]` to `[batch, b, a]`: steps of features to channels of steps, and back.
public struct SwappedAxes: Layer {
  public init() {}
  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = Transpose()
    op.perm = [0, 2, 1]
    return try network.apply(op, x)
  }
}
