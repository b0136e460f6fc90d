public import HoneIR
import HoneOperators

/// Convolution of `[batch, channels, height, width]`; `weight` `[filters, channels/groups, height, width]`.
public struct Convolution2D: Layer {
  public var filters: Int
  public var kernel: [Int]
  public var strides: [Int]
  /// Top, left, bottom, right.
  public var pads: [Int]
  public var groups: Int
  public var bias: Bool
  public var weightInitialization: Initialization
  public var biasInitialization: Initialization

  /// A square window, padded by `padding` on all sides.
  public init(
    _ filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1, bias: Bool = true,
    weights: Initialization = .standard, biases: Initialization = .standard
  ) {
    self.init(
      filters, kernel: [kernel, kernel], strides: [stride, stride], pads: Array(repeating: padding, count: 4),
      groups: groups, bias: bias, weights: weights, biases: biases)
  }
  public init(
    _ filters: Int, kernel: [Int], strides: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0], groups: Int = 1,
    bias: Bool = true, weights: Initialization = .standard, biases: Initialization = .standard
  ) {
    (self.filters, self.kernel, self.strides, self.pads) = (filters, kernel, strides, pads)
    (self.groups, self.bias, weightInitialization, biasInitialization) = (groups, bias, weights, biases)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = Conv()
    (op.kernel_shape, op.strides, op.pads, op.group) = (kernel, strides, pads, groups)
    return try network.convolve(
      x, op, filters: filters, bias: bias, weights: weightInitialization, biases: biasInitialization)
  }
}

extension Network {
  /// Appends `op` with fresh weights.
  mutating func convolve(
    _ x: Value, _ op: Conv, filters: Int, bias: Bool, weights: Initialization, biases: Initialization
  ) throws(GraphError) -> Value {
    let channels = try size(of: x, axis: 1)
    guard channels % op.group == 0, filters % op.group == 0 else {
      throw GraphError(.attribute, "\(channels) channels and \(filters) filters do not part into \(op.group) groups")
    }
    let sizes = [filters, channels / op.group] + op.kernel_shape
    let weight = parameter("weight", sizes, weights, fans: Fans(sizes))
    let bias = bias ? parameter("bias", [filters], biases, fans: Fans(sizes)) : nil
    return try apply(op, [x, weight] + (bias.map { [$0] } ?? []), resultCount: 1)[0]
  }
}
