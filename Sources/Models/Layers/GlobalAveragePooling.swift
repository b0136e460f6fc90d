public import HoneIR
import HoneOperators

/// The mean of each channel: `[batch, channels, …]` becomes `[batch, channels]`.
public struct GlobalAveragePooling: Layer {
  public init() {}

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    try network.apply(Flatten(), network.apply(GlobalAveragePool(), x))
  }
}
