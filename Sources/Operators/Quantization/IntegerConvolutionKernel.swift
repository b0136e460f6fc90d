import HoneIR
import HoneKernels

/// Exact integer convolution plane by plane; `finish` receives the plane, its filter and the sums.
func plainIntegerConvolution(
  _ call: Call, _ sizes: ConvolutionSizes, x: Int, w: Int, xZero: Int?, wZero: Int?,
  _ finish: @escaping @Sendable (borrowing Frame, Int, Int, UnsafeMutablePointer<Int32>) -> Void
) throws(GraphError) -> Kernel {
  let types = (x: try ByteType(try call.element(x)), w: try ByteType(try call.element(w)))
  let perFilter = try wZero.map { wZero throws(GraphError) in try call.sizes(wZero).reduce(1, *) > 1 } ?? false
  if perFilter, let wZero, try call.sizes(wZero) != [sizes.filters] {
    throw GraphError(.type, "zero points of the weights do not fit \(sizes.filters) filters: \(try call.tensor(wZero))")
  }
  let window = sizes.window
  let (inputs, outputs, taps) = (window.inputCount, window.outputCount, window.tapCount)
  return Kernel(tasks: sizes.batch * sizes.filters, scratch: outputs * MemoryLayout<Int32>.stride) { frame, range in
    let sums = frame.scratch.assumingMemoryBound(to: Int32.self)
    let (source, weights) = (frame.operandBytes(x), frame.operandBytes(w))
    let xOffset = xZero.map { frame.byte($0, types.x, 0) } ?? 0
    for plane in range {
      let filter = plane % sizes.filters
      let first = plane / sizes.filters * sizes.channels + filter / sizes.groupFilters * sizes.groupChannels
      let wOffset = wZero.map { frame.byte($0, types.w, perFilter ? filter : 0) } ?? 0
      sums.update(repeating: 0, count: outputs)
      for c in 0..<sizes.groupChannels {
        let (image, kernel) = (source + (first + c) * inputs, weights + (filter * sizes.groupChannels + c) * taps)
        switch types {
        case (.uint8, .uint8): accumulate(window, image, UInt8.self, xOffset, kernel, UInt8.self, wOffset, into: sums)
        case (.uint8, .int8): accumulate(window, image, UInt8.self, xOffset, kernel, Int8.self, wOffset, into: sums)
        case (.int8, .uint8): accumulate(window, image, Int8.self, xOffset, kernel, UInt8.self, wOffset, into: sums)
        case (.int8, .int8): accumulate(window, image, Int8.self, xOffset, kernel, Int8.self, wOffset, into: sums)
        }
      }
      finish(frame, plane, filter, sums)
    }
  }
}

@inline(__always)
private func accumulate<X: FixedWidthInteger, W: FixedWidthInteger>(
  _ window: Window, _ image: UnsafeRawPointer, _: X.Type, _ xZero: Int32, _ kernel: UnsafeRawPointer, _: W.Type,
  _ wZero: Int32, into sums: UnsafeMutablePointer<Int32>
) {
  let (x, w) = (image.assumingMemoryBound(to: X.self), kernel.assumingMemoryBound(to: W.self))
  let (depth, height, width) = (window.depth, window.height, window.width)
  var tap = 0
  for kd in 0..<depth.kernel {
    for kh in 0..<height.kernel {
      for kw in 0..<width.kernel {
        let weight = Int32(truncatingIfNeeded: w[tap]) &- wZero
        tap += 1
        let columns = width.outputs(reading: kw)
        for od in depth.outputs(reading: kd) {
          for oh in height.outputs(reading: kh) {
            let row = (depth.start(od) + kd * depth.dilation) * height.input + height.start(oh) + kh * height.dilation
            let source = x + (row * width.input + width.start(0) + kw * width.dilation)
            let target = sums + (od * height.output + oh) * width.output
            for ow in columns {
              target[ow] = target[ow] &+ weight &* (Int32(truncatingIfNeeded: source[ow * width.stride]) &- xZero)
            }
          }
        }
      }
    }
  }
}

/// Weights in the layout of `IntegerConvolution`, if they and their zero points are constants.
func packedIntegerWeights(
  _ call: Call, _ shape: ConvolutionShape, w: Int, wZero: Int?
) throws(GraphError) -> PackedIntegerConvolution? {
  guard let weights = call.known(w) else { return nil }
  var zeros: [Int32]?
  if let wZero {
    guard let known = call.known(wZero) else { return nil }
    zeros = known.integers.map(Int32.init)
    guard zeros!.count == 1 || zeros!.count == shape.outputChannels else {
      throw GraphError(.type, "\(zeros!.count) zero points do not fit \(shape.outputChannels) filters")
    }
  }
  let type = try ByteType(weights.element)
  let layout =
    "integer convolution, groups \(shape.groups), channels \(shape.inputChannels), zero points \(zeros ?? [])"
  return try call.weights.packed(weights, layout: layout) { tensor throws(GraphError) in
    tensor.withBytes { PackedIntegerConvolution($0.baseAddress!, shape: shape, type: type, zeros: zeros) }
  }
}
