public import HoneIR
import HoneOperators

/// All axes but the first joined to one.
public struct Flattening: Layer {
  public init() {}
  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    try network.rank(of: x) == 2 ? x : network.apply(Flatten(), x)
  }
}
