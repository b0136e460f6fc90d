public import HoneIR

/// Convolution of `[N, C, …]` by `[M, C/group, …]`, with an optional bias `[M]`.
public struct Conv: ExecutableOp, WindowOp {
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let element = try call.element(0)
    guard element.isFloatingPoint, try call.element(1) == element else {
      throw GraphError(.type, "operands must be of one floating-point type: \(try call.tensor(0)), \(try call.tensor(1))")
    }
    return [.tensor(element, try convolutionShape(call, x: 0, w: 1, bias: 2, group: group))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 0, w: 1, group: group)
    let bias = call.has(2) ? 2 : nil
    switch try call.element(0) {
    case .float32: return directConvolution(sizes, bias: bias, Float.self)
    case .float64: return directConvolution(sizes, bias: bias, Double.self)
    case .float16: return directConvolution(sizes, bias: bias, Float16.self)
    case .bfloat16: return directConvolution(sizes, bias: bias, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }
}

extension WindowOp {
  /// `[N, M, …]` for operands `x` of `[N, C, …]` and `w` of `[M, C/group, …]`.
  func convolutionShape(_ call: Call, x: Int, w: Int, bias: Int, group: Int) throws(GraphError) -> [Dimension]? {
    guard let input = try call.shape(x) else { return nil }
    let weights = try call.shape(w)
    guard input.count >= 3, weights == nil || weights!.count == input.count else {
      throw GraphError(.type, "ranks differ or are below 3: \(try call.tensor(x)), \(try call.tensor(w))")
    }
    guard group >= 1 else { throw GraphError(.attribute, "group \(group) is not positive") }
    if let filters = weights?[0].size, filters % group != 0 {
      throw GraphError(.type, "\(filters) filters do not divide into \(group) groups")
    }
    if let channels = input[1].size, let perGroup = weights?[1].size, channels != perGroup * group {
      throw GraphError(.type, "\(channels) channels, the weights are made for \(group) × \(perGroup)")
    }
    if call.has(bias), let size = try call.shape(bias)?.first?.size, let filters = weights?[0].size, size != filters {
      throw GraphError(.type, "a bias of \(size) does not fit \(filters) filters")
    }
    let spatial = try outputs(of: input[2...], kernel: try kernel(weights: weights), call)
    return [input[0], weights?[0] ?? call.unknownSize()] + spatial
  }

  func convolutionSizes(_ call: Call, x: Int, w: Int, group: Int) throws(GraphError) -> ConvolutionSizes {
    let (input, weights) = (try call.sizes(x), try call.sizes(w))
    let window = try window(input: input[2...], kernel: Array(weights[2...]), call)
    return ConvolutionSizes(batch: input[0], channels: input[1], filters: weights[0], groups: group, window: window)
  }
}
