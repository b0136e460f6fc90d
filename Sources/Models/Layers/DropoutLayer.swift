public import HoneIR
import HoneOperators

/// Dropout (Srivastava et al. 2014) in its inference form, which passes everything on; training switches it on.
public struct DropoutLayer: Layer {
  /// The share of elements that training drops.
  public var ratio: Float
  public init(_ ratio: Float = 0.5) { self.ratio = ratio }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    guard ratio > 0 else { return x }
    return try network.apply(Dropout(), x, network.constant(.scalar(ratio), "ratio"))
  }
}
