import HoneIR

/// How the borders of a window operator are padded.
public enum AutoPad: String, Sendable, Hashable, Codable {
  case notSet = "NOTSET"
  case sameUpper = "SAME_UPPER"
  case sameLower = "SAME_LOWER"
  case valid = "VALID"
}

/// An operator that moves a window over the spatial axes of `[N, C, …]`.
protocol WindowOp: Op {
  var auto_pad: AutoPad { get }
  var dilations: [Int] { get }
  var kernel_shape: [Int] { get }
  var pads: [Int] { get }
  var strides: [Int] { get }
  /// Windows that reach past the end count too.
  var roundsUp: Bool { get }
}

extension WindowOp {
  var roundsUp: Bool { false }

  func stride(_ axis: Int) -> Int { strides.isEmpty ? 1 : strides[axis] }
  func dilation(_ axis: Int) -> Int { dilations.isEmpty ? 1 : dilations[axis] }
  func padding(_ axis: Int, rank: Int) -> (begin: Int, end: Int) {
    pads.isEmpty || auto_pad == .valid ? (0, 0) : (pads[axis], pads[axis + rank])
  }

  /// Checks that the attributes are made for `rank` spatial axes.
  func checkAttributes(rank: Int) throws(GraphError) {
    guard rank >= 1 else { throw GraphError(.type, "has no spatial axis: \(rank + 2) axes") }
    guard kernel_shape.isEmpty || kernel_shape.count == rank else {
      throw GraphError(.attribute, "kernel_shape \(kernel_shape) does not fit \(rank) spatial axes")
    }
    guard strides.isEmpty || strides.count == rank, strides.allSatisfy({ $0 > 0 }) else {
      throw GraphError(.attribute, "strides \(strides) do not fit \(rank) spatial axes")
    }
    guard dilations.isEmpty || dilations.count == rank, dilations.allSatisfy({ $0 > 0 }) else {
      throw GraphError(.attribute, "dilations \(dilations) do not fit \(rank) spatial axes")
    }
    guard pads.isEmpty || pads.count == 2 * rank else {
      throw GraphError(.attribute, "pads \(pads) do not fit \(rank) spatial axes")
    }
  }

  /// The kernel's sizes, from `weights` (`[M, C/group, …]`) or the attribute.
  func kernel(weights: [Dimension]?) throws(GraphError) -> [Int]? {
    guard let spatial = weights?.dropFirst(2) else { return kernel_shape.isEmpty ? nil : kernel_shape }
    let sizes = spatial.compactMap(\.size)
    guard sizes.count == spatial.count else { return kernel_shape.isEmpty ? nil : kernel_shape }
    guard kernel_shape.isEmpty || kernel_shape == sizes else {
      throw GraphError(.attribute, "kernel_shape \(kernel_shape) differs from the weights' \(sizes)")
    }
    return sizes
  }

  /// The spatial sizes of the result.
  func outputs(of input: ArraySlice<Dimension>, kernel: [Int]?, _ call: Call) throws(GraphError) -> [Dimension] {
    try checkAttributes(rank: input.count)
    if let kernel, kernel.count != input.count || kernel.contains(where: { $0 <= 0 }) {
      throw GraphError(.type, "a kernel of \(kernel) does not fit \(input.count) spatial axes")
    }
    var sizes: [Dimension] = []
    for (axis, size) in input.enumerated() {
      let extent = kernel.map { ($0[axis] - 1) * dilation(axis) + 1 }
      sizes.append(try output(of: size, axis: axis, rank: input.count, extent: extent, call))
    }
    return sizes
  }

  private func output(of input: Dimension, axis: Int, rank: Int, extent: Int?, _ call: Call) throws(GraphError)
    -> Dimension
  {
    let stride = stride(axis)
    if auto_pad == .sameUpper || auto_pad == .sameLower { return (input + Dimension(stride - 1)) / Dimension(stride) }
    guard let extent else { return call.unknownSize() }
    let padding = padding(axis, rank: rank)
    let room = input + Dimension(padding.begin + padding.end - extent)
    if let size = room.size, size < 0 {
      throw GraphError(
        .type, "a window of \(extent) does not fit into \(input) with padding \(padding.begin)+\(padding.end)")
    }
    guard roundsUp, stride > 1 else { return room / Dimension(stride) + 1 }
    guard let size = input.size else { return call.unknownSize() }
    var output = (size + padding.begin + padding.end - extent + stride - 1) / stride + 1
    if (output - 1) * stride >= size + padding.begin { output -= 1 }
    return Dimension(output)
  }

  /// The window over concrete sizes.
  func window(input: ArraySlice<Int>, kernel: [Int], _ call: Call) throws(GraphError) -> Window {
    guard input.count <= 3 else { throw GraphError(.unsupported, "has no kernel for \(input.count) spatial axes") }
    let outputs = try outputs(of: input.map(Dimension.fixed)[...], kernel: kernel, call).map { $0.size! }
    let axes = input.enumerated().map { axis, size in
      var result = Window.Axis()
      (result.input, result.output, result.kernel) = (size, outputs[axis], kernel[axis])
      (result.stride, result.dilation) = (stride(axis), dilation(axis))
      (result.begin, result.end) = padding(axis, rank: input.count)
      if auto_pad == .sameUpper || auto_pad == .sameLower {
        let total = max(0, (result.output - 1) * result.stride + result.extent - size)
        result.begin = auto_pad == .sameUpper ? total / 2 : total - total / 2
        result.end = total - result.begin
      }
      return result
    }
    return Window(axes: axes)
  }
}
