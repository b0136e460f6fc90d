public import HoneIR
import HoneOperators

/// Convolution of `[batch, channels, steps]`; `weight` `[filters, channels, kernel]`.
public struct Convolution1D: Layer {
  public var filters: Int
  public var kernel: Int
  public var dilation: Int
  /// Zeros before the first step and after the last.
  public var pads: [Int]
  public var bias: Bool
  public var weightInitialization: Initialization
  public var biasInitialization: Initialization

  public init(
    _ filters: Int, kernel: Int, dilation: Int = 1, pads: [Int] = [0, 0], bias: Bool = true,
    weights: Initialization = .standard, biases: Initialization = .standard
  ) {
    (self.filters, self.kernel, self.dilation, self.pads) = (filters, kernel, dilation, pads)
    (self.bias, weightInitialization, biasInitialization) = (bias, weights, biases)
  }
  /// A convolution whose results know nothing of later steps.
  public static func causal(
    _ filters: Int, kernel: Int, dilation: Int, weights: Initialization = .standard
  ) -> Convolution1D {
    Convolution1D(filters, kernel: kernel, dilation: dilation, pads: [(kernel - 1) * dilation, 0], weights: weights)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = Conv()
    (op.kernel_shape, op.strides, op.dilations, op.pads) = ([kernel], [1], [dilation], pads)
    return try network.convolve(
      x, op, filters: filters, bias: bias, weights: weightInitialization, biases: biasInitialization)
  }
}
