public import HoneIR
import HoneOperators

/// One filter for each channel of `[batch, channels, height, width]`; `weight` `[channels, 1, kernel, kernel]`.
public struct DepthwiseConvolution: Layer {
  public var kernel: Int
  public var stride: Int
  public var padding: Int
  public var bias: Bool
  public var weightInitialization: Initialization

  public init(
    kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true, weights: Initialization = .standard
  ) {
    (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
    (self.bias, weightInitialization) = (bias, weights)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let channels = try network.size(of: x, axis: 1)
    return try Convolution2D(
      channels, kernel: kernel, stride: stride, padding: padding, groups: channels, bias: bias,
      weights: weightInitialization
    ).append(to: &network, x)
  }
}
