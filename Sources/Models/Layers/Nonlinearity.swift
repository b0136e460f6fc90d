public import HoneIR
import HoneOperators

/// A function of each element.
public enum Nonlinearity: Layer, Hashable {
  case relu
  /// min(max(x, 0), 6).
  case relu6
  /// x·Φ(x) (Hendrycks and Gimpel, arXiv 1606.08415).
  case gelu
  case tanh
  case sigmoid
  /// max(x, 0) + slope·min(x, 0) with a slope for each channel, which is learned (He et al., arXiv 1502.01852).
  case prelu

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    switch self {
    case .relu: return try network.apply(Relu(), x)
    case .relu6:
      return try network.apply(
        Clip(), x, network.constant(.scalar(Float(0)), "min"), network.constant(.scalar(Float(6)), "max"))
    case .gelu: return try network.apply(Gelu(), x)
    case .tanh: return try network.apply(Tanh(), x)
    case .sigmoid: return try network.apply(Sigmoid(), x)
    case .prelu:
      // The slopes broadcast over the axes behind the channels.
      let sizes = [try network.size(of: x, axis: 1)] + Array(repeating: 1, count: try network.rank(of: x) - 2)
      let slope = network.parameter("weight", sizes, .constant(0.25), fans: Fans(incoming: 1, outgoing: 1))
      return try network.apply(PRelu(), x, slope)
    }
  }
}
