public import HoneIR

/// Transposed convolution of `[N, C, …]` by `[C, M/group, …]`, with an optional bias `[M]`.
public struct ConvTranspose: ExecutableOp, WindowOp {
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var output_padding: [Int] = []
  public var output_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let element = try call.element(0)
    guard element.isFloatingPoint, try call.element(1) == element else {
      throw GraphError(
        .type, "operands must be of one floating-point type: \(try call.tensor(0)), \(try call.tensor(1))")
    }
    guard let input = try call.shape(0) else { return [.tensor(element, nil)] }
    let weights = try call.shape(1)
    guard input.count >= 3, weights == nil || weights!.count == input.count else {
      throw GraphError(.type, "ranks differ or are below 3: \(try call.tensor(0)), \(try call.tensor(1))")
    }
    guard group >= 1 else { throw GraphError(.attribute, "group \(group) is not positive") }
    if let channels = input[1].size, let rows = weights?[0].size, channels != rows || channels % group != 0 {
      throw GraphError(.type, "\(channels) channels, the weights are made for \(rows) in \(group) groups")
    }
    let rank = input.count - 2
    try checkAttributes(rank: rank)
    guard output_padding.isEmpty || output_padding.count == rank, output_shape.isEmpty || output_shape.count >= rank
    else {
      throw GraphError(.attribute, "output_padding or output_shape does not fit \(rank) spatial axes")
    }
    let kernel = try kernel(weights: weights)
    let spatial = (0..<rank).map { axis in output(of: input[axis + 2], axis: axis, rank: rank, kernel?[axis], call) }
    if let negative = spatial.first(where: { ($0.size ?? 0) < 0 }) {
      throw GraphError(.attribute, "pads \(pads) leave a size of \(negative)")
    }
    let filters = weights.map { $0[1] * Dimension(group) } ?? call.unknownSize()
    return [.tensor(element, [input[0], filters] + spatial)]
  }

  private func output(of input: Dimension, axis: Int, rank: Int, _ kernel: Int?, _ call: Call) -> Dimension {
    if !output_shape.isEmpty { return Dimension(output_shape.suffix(rank)[output_shape.count - rank + axis]) }
    let stride = Dimension(stride(axis))
    if auto_pad == .sameUpper || auto_pad == .sameLower { return input * stride }
    guard let kernel else { return call.unknownSize() }
    let padding = padding(axis, rank: rank)
    let extra = (output_padding.isEmpty ? 0 : output_padding[axis]) + (kernel - 1) * dilation(axis) + 1
    return (input - 1) * stride + Dimension(extra - padding.begin - padding.end)
  }

  /// The window of the convolution that maps this operator's results to its inputs.
  func window(_ call: Call) throws(GraphError) -> Window {
    let (input, weights, output) = (try call.sizes(0), try call.sizes(1), try call.resultSizes())
    let rank = input.count - 2
    guard rank <= 3 else { throw GraphError(.unsupported, "has no kernel for \(rank) spatial axes") }
    let automatic = !output_shape.isEmpty || auto_pad == .sameUpper || auto_pad == .sameLower
    let axes = (0..<rank).map { axis in
      var result = Window.Axis()
      (result.input, result.output, result.kernel) = (output[axis + 2], input[axis + 2], weights[axis + 2])
      (result.stride, result.dilation) = (stride(axis), dilation(axis))
      (result.begin, result.end) = padding(axis, rank: rank)
      if automatic {
        let extra = output_padding.isEmpty ? 0 : output_padding[axis]
        let total = max(0, result.stride * (result.output - 1) + extra + result.extent - result.input)
        result.begin = auto_pad == .sameUpper ? total / 2 : total - total / 2
        result.end = total - result.begin
      }
      return result
    }
    return Window(axes: axes)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (input, output) = (try call.sizes(0), try call.resultSizes())
    let sizes = ConvolutionSizes(
      batch: input[0], channels: input[1], filters: output[1], groups: group, window: try window(call))
    let bias = call.has(2) ? 2 : nil
    switch try call.element(0) {
    case .float32:
      return sizes.isEmpty || sizes.channels == 0
        ? directTransposedConvolution(sizes, bias: bias, Float.self)
        : FloatTransposedConvolution(sizes, bias: bias).kernel()
    case .float64: return directTransposedConvolution(sizes, bias: bias, Double.self)
    case .float16: return directTransposedConvolution(sizes, bias: bias, Float16.self)
    case .bfloat16: return directTransposedConvolution(sizes, bias: bias, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }
}
