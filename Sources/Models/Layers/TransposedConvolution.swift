public import HoneIR
import HoneOperators

/// Transposed convolution of `[batch, channels, height, width]`: enlarges by `stride`; `weight` `[channels, filters,
/// kernel, kernel]`.
public struct TransposedConvolution: Layer {
  public var filters: Int
  public var kernel: Int
  public var stride: Int
  public var padding: Int
  /// Rows and columns added at the end.
  public var outputPadding: Int
  public var weightInitialization: Initialization
  public var biasInitialization: Initialization

  public init(
    _ filters: Int, kernel: Int, stride: Int, padding: Int = 0, outputPadding: Int = 0,
    weights: Initialization = .standard, biases: Initialization = .standard
  ) {
    (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
    (self.outputPadding, weightInitialization, biasInitialization) = (outputPadding, weights, biases)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let channels = try network.size(of: x, axis: 1)
    let sizes = [channels, filters, kernel, kernel]
    var op = ConvTranspose()
    (op.kernel_shape, op.strides) = ([kernel, kernel], [stride, stride])
    (op.pads, op.output_padding) = (Array(repeating: padding, count: 4), [outputPadding, outputPadding])
    return try network.apply(
      op, x, network.parameter("weight", sizes, weightInitialization, fans: Fans(sizes)),
      network.parameter("bias", [filters], biasInitialization, fans: Fans(sizes)))
  }
}
