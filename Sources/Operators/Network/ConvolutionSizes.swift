import HoneIR
import HoneKernels

/// Sizes of a grouped convolution of `[N, C, …]` by `[M, C/groups, …]`.
struct ConvolutionSizes: Sendable, Hashable {
  var batch: Int
  var channels: Int
  var filters: Int
  var groups: Int
  var window: Window

  var groupChannels: Int { channels / groups }
  var groupFilters: Int { filters / groups }
  var isEmpty: Bool { batch == 0 || window.outputCount == 0 || filters == 0 }

  /// Each output position reads just the input position at the same place.
  var isPointwise: Bool {
    groups == 1 && window.axes.allSatisfy { $0.kernel == 1 && $0.stride == 1 && $0.begin == 0 && $0.end == 0 }
  }

  /// As the kernels for channels-last data want it; `batch` images.
  func channelsLast(batch: Int) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, inputChannels: channels, outputChannels: filters, groups: groups, input: window.inputSizes,
      kernel: window.axes.map(\.kernel), strides: window.axes.map(\.stride), dilations: window.axes.map(\.dilation),
      padsBegin: window.axes.map(\.begin), padsEnd: window.axes.map(\.end), output: window.outputSizes)
  }
}

extension WindowOp {
  /// `[N, M, …]` for operands `x` of `[N, C, …]` and `w` of `[M, C/group, …]`.
  func convolutionShape(_ call: Call, x: Int, w: Int, bias: Int, group: Int) throws(GraphError) -> [Dimension]? {
    let filters = call.has(bias) ? try call.shape(bias)?.first : nil
    return try convolutionShape(try call.shape(x), try call.shape(w), bias: filters, group: group, call)
  }

  func convolutionShape(
    _ input: [Dimension]?, _ weights: [Dimension]?, bias: Dimension?, group: Int, _ call: Call
  ) throws(GraphError) -> [Dimension]? {
    guard let input else { return nil }
    guard input.count >= 3, weights == nil || weights!.count == input.count else {
      throw GraphError(.type, "ranks differ or are below 3: \(input.count), \(weights?.count ?? 0)")
    }
    guard group >= 1 else { throw GraphError(.attribute, "group \(group) is not positive") }
    if let filters = weights?[0].size, filters % group != 0 {
      throw GraphError(.type, "\(filters) filters do not divide into \(group) groups")
    }
    if let channels = input[1].size, let perGroup = weights?[1].size, channels != perGroup * group {
      throw GraphError(.type, "\(channels) channels, the weights are made for \(group) × \(perGroup)")
    }
    if let size = bias?.size, let filters = weights?[0].size, size != filters {
      throw GraphError(.type, "a bias of \(size) does not fit \(filters) filters")
    }
    let spatial = try outputs(of: input[2...], kernel: try kernel(weights: weights), call)
    return [input[0], weights?[0] ?? call.unknownSize()] + spatial
  }

  func convolutionSizes(_ call: Call, x: Int, w: Int, group: Int) throws(GraphError) -> ConvolutionSizes {
    try convolutionSizes(try call.sizes(x), try call.sizes(w), group: group, call)
  }

  func convolutionSizes(_ input: [Int], _ weights: [Int], group: Int, _ call: Call) throws(GraphError)
    -> ConvolutionSizes
  {
    let window = try window(input: input[2...], kernel: Array(weights[2...]), call)
    return ConvolutionSizes(batch: input[0], channels: input[1], filters: weights[0], groups: group, window: window)
  }
}
