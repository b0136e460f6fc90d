import HoneIR
import HoneKernels

/// The fp32 transposed convolution as products Wᵀ·x, whose rows are added to the result where their taps fall.
///
/// `sizes.window` is that of the convolution whose gradient this is; a task is a block of filters of one group and image.
struct FloatTransposedConvolution: Sendable {
  let sizes: ConvolutionSizes
  let bias: Int?
  private let filtersPerBlock: Int
  private let blocks: Int

  /// Elements of the products that one task holds.
  private static let room = 256 * 1024

  init(_ sizes: ConvolutionSizes, bias: Int?) {
    (self.sizes, self.bias) = (sizes, bias)
    let perFilter = max(1, sizes.window.tapCount * sizes.window.outputCount)
    filtersPerBlock = max(1, min(sizes.groupFilters, Self.room / perFilter))
    blocks = (sizes.groupFilters + filtersPerBlock - 1) / filtersPerBlock
  }

  func kernel() -> Kernel {
    let columns = filtersPerBlock * sizes.window.tapCount * sizes.window.outputCount * MemoryLayout<Float>.stride
    let start = (columns + 63) / 64 * 64
    let last = sizes.groupFilters - (blocks - 1) * filtersPerBlock
    let scratch = max(product(filters: filtersPerBlock).scratchByteCount, product(filters: last).scratchByteCount)
    return Kernel(tasks: sizes.batch * sizes.groups * blocks, scratch: start + scratch) { frame, range in
      for task in range { run(task, frame, scratch: frame.scratch + start) }
    }
  }

  private func product(filters: Int) -> MatrixProduct {
    MatrixProduct(
      m: filters * sizes.window.tapCount, n: sizes.window.outputCount, k: sizes.groupChannels,
      aStride: sizes.groupFilters * sizes.window.tapCount, transposeA: true)
  }

  private func run(_ task: Int, _ frame: borrowing Frame, scratch: UnsafeMutableRawPointer) {
    let (outer, block) = task.quotientAndRemainder(dividingBy: blocks)
    let (image, group) = outer.quotientAndRemainder(dividingBy: sizes.groups)
    let first = block * filtersPerBlock
    let filters = min(filtersPerBlock, sizes.groupFilters - first)
    let (taps, positions) = (sizes.window.tapCount, sizes.window.outputCount)
    let x = frame.operand(0, as: Float.self) + (image * sizes.channels + group * sizes.groupChannels) * positions
    let w = frame.operand(1, as: Float.self) + (group * sizes.groupChannels * sizes.groupFilters + first) * taps
    let columns = frame.scratch.assumingMemoryBound(to: Float.self)
    let product = product(filters: filters)
    product.run(tasks: 0..<product.taskCount, a: w, b: x, c: columns, scratch: scratch)
    for filter in 0..<filters {
      let channel = group * sizes.groupFilters + first + filter
      let y = frame.result(0, as: Float.self) + (image * sizes.filters + channel) * sizes.window.inputCount
      y.update(repeating: bias.map { frame.operand($0, as: Float.self)[channel] } ?? 0, count: sizes.window.inputCount)
      add(columns + filter * taps * positions, to: y)
    }
  }

  /// Adds the rows of all taps of one filter to its plane.
  private func add(_ columns: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    let window = sizes.window
    let (depth, height, width) = (window.depth, window.height, window.width)
    var row = columns
    for kd in 0..<depth.kernel {
      for kh in 0..<height.kernel {
        for kw in 0..<width.kernel {
          let positions = width.outputs(reading: kw)
          for od in depth.outputs(reading: kd) {
            for oh in height.outputs(reading: kh) {
              let line =
                (depth.start(od) + kd * depth.dilation) * height.input + height.start(oh) + kh * height.dilation
              let target = y + (line * width.input + width.start(0) + kw * width.dilation)
              let source = row + (od * height.output + oh) * width.output
              for ow in positions { target[ow * width.stride] += source[ow] }
            }
          }
          row += window.outputCount
        }
      }
    }
  }
}
