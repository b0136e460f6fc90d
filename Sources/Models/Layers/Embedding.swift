public import HoneIR
import HoneOperators

/// A learned row for each id: int64 `[batch, tokens]` becomes `[batch, tokens, width]`; `weight` `[count, width]`.
public struct Embedding: Layer {
  public var count: Int
  public var width: Int
  public var initialization: Initialization

  public init(_ count: Int, width: Int, weights: Initialization = .normal(deviation: 1)) {
    (self.count, self.width, initialization) = (count, width, weights)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let weight = network.parameter(
      "weight", [count, width], initialization, fans: Fans(incoming: count, outgoing: width))
    return try network.apply(Gather(), weight, x)
  }
}
