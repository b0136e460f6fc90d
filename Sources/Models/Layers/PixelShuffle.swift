public import HoneIR
import HoneOperators

/// Channels spread over pixels, `[batch, channels·scale², height, width]` to `[batch, channels, scale·height,
/// scale·width]` (Shi et al., arXiv 1609.05158).
public struct PixelShuffle: Layer {
  public var scale: Int
  public init(_ scale: Int) { self.scale = scale }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = DepthToSpace()
    (op.blocksize, op.mode) = (scale, .CRD)
    return try network.apply(op, x)
  }
}
