import HoneIR

/// Convolution plane by plane: any element type, any sizes. Operands are x, w and perhaps a bias.
func directConvolution<T: RealElement>(_ sizes: ConvolutionSizes, bias: Int?, _: T.Type) -> Kernel {
  let window = sizes.window
  let (inputs, outputs, taps) = (window.inputCount, window.outputCount, window.tapCount)
  return Kernel(tasks: sizes.batch * sizes.filters, scratch: outputs * MemoryLayout<T.Real>.stride) { frame, range in
    let x = frame.operand(0, as: T.self)
    let w = frame.operand(1, as: T.self)
    let y = frame.result(0, as: T.self)
    let sums = frame.scratch.assumingMemoryBound(to: T.Real.self)
    for plane in range {
      let filter = plane % sizes.filters
      let first = plane / sizes.filters * sizes.channels + filter / sizes.groupFilters * sizes.groupChannels
      let start: T.Real = bias.map { frame.operand($0, as: T.self)[filter].real } ?? 0
      for i in 0..<outputs { sums[i] = start }
      for c in 0..<sizes.groupChannels {
        accumulate(
          window, x + (first + c) * inputs, w + (filter * sizes.groupChannels + c) * taps, into: sums)
      }
      for i in 0..<outputs { y[plane * outputs + i] = T(real: sums[i]) }
    }
  }
}

/// Adds one input plane, weighted, to a plane of sums.
@inline(__always)
func accumulate<T: RealElement>(
  _ window: Window, _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, into sums: UnsafeMutablePointer<T.Real>
) {
  let (depth, height, width) = (window.depth, window.height, window.width)
  var tap = 0
  for kd in 0..<depth.kernel {
    for kh in 0..<height.kernel {
      for kw in 0..<width.kernel {
        let weight = w[tap].real
        tap += 1
        let columns = width.outputs(reading: kw)
        for od in depth.outputs(reading: kd) {
          for oh in height.outputs(reading: kh) {
            let row = (depth.start(od) + kd * depth.dilation) * height.input + height.start(oh) + kh * height.dilation
            let source = x + (row * width.input + width.start(0) + kw * width.dilation)
            let target = sums + (od * height.output + oh) * width.output
            for ow in columns { target[ow] += weight * source[ow * width.stride].real }
          }
        }
      }
    }
  }
}

/// Transposed convolution plane by plane. `sizes.window` is that of the convolution whose gradient this is:
/// its outputs are this operator's inputs. Weights are `[C, M/groups, …]`.
func directTransposedConvolution<T: RealElement>(_ sizes: ConvolutionSizes, bias: Int?, _: T.Type) -> Kernel {
  let window = sizes.window
  let (inputs, outputs, taps) = (window.outputCount, window.inputCount, window.tapCount)
  return Kernel(tasks: sizes.batch * sizes.filters, scratch: outputs * MemoryLayout<T.Real>.stride) { frame, range in
    let x = frame.operand(0, as: T.self)
    let w = frame.operand(1, as: T.self)
    let y = frame.result(0, as: T.self)
    let sums = frame.scratch.assumingMemoryBound(to: T.Real.self)
    for plane in range {
      let filter = plane % sizes.filters
      let (group, within) = filter.quotientAndRemainder(dividingBy: sizes.groupFilters)
      let start: T.Real = bias.map { frame.operand($0, as: T.self)[filter].real } ?? 0
      for i in 0..<outputs { sums[i] = start }
      for c in group * sizes.groupChannels..<(group + 1) * sizes.groupChannels {
        let source = x + (plane / sizes.filters * sizes.channels + c) * inputs
        scatter(window, source, w + (c * sizes.groupFilters + within) * taps, into: sums)
      }
      for i in 0..<outputs { y[plane * outputs + i] = T(real: sums[i]) }
    }
  }
}

/// Adds one plane of a transposed convolution's input, weighted, to the plane of its result.
@inline(__always)
private func scatter<T: RealElement>(
  _ window: Window, _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, into sums: UnsafeMutablePointer<T.Real>
) {
  let (depth, height, width) = (window.depth, window.height, window.width)
  var tap = 0
  for kd in 0..<depth.kernel {
    for kh in 0..<height.kernel {
      for kw in 0..<width.kernel {
        let weight = w[tap].real
        tap += 1
        let columns = width.outputs(reading: kw)
        for od in depth.outputs(reading: kd) {
          for oh in height.outputs(reading: kh) {
            let row = (depth.start(od) + kd * depth.dilation) * height.input + height.start(oh) + kh * height.dilation
            let target = sums + (row * width.input + width.start(0) + kw * width.dilation)
            let source = x + (od * height.output + oh) * width.output
            for ow in columns { target[ow * width.stride] += weight * source[ow].real }
          }
        }
      }
    }
  }
}
