public import HoneIR

/// The cotangents of image and grid of `GridSample`; operand 0 is the result's cotangent, the others are those operands.
public struct GridSampleGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var align_corners = false
  public var mode = GridSample.Mode.linear
  public var padding_mode = GridSample.Padding.zeros
  public init() {}
  public init(_ op: GridSample) {
    (align_corners, mode, padding_mode) = (op.align_corners, op.mode, op.padding_mode)
  }

  private var sample: GridSample {
    var op = GridSample()
    (op.align_corners, op.mode, op.padding_mode) = (align_corners, mode, padding_mode)
    return op
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(1)), .tensor(try call.tensor(2))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (x, grid) = (try call.element(1), try call.element(2))
    let wide = grid == .float64 || x.interpolationType == .float64
    if let staged = try StagedElements(call, operands: [0, 1, 2], computingIn: wide ? .float64 : .float32) {
      return staged.kernel(try kernel(staged.call))
    }
    return wide ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let (x, y) = (try call.sizes(1), try call.sizes(0))
    let sampler = try GridSampler<T>(sample, Array(x[2...]))
    let (points, length, channels) = (y[2...].reduce(1, *), x[2...].reduce(1, *), x[1])
    let rank = x.count - 2
    let (part, block) = (64, 16)
    let (parts, blocks) = ((points + part - 1) / part, (channels + block - 1) / block)
    let imageTasks = x[0] * blocks
    return Kernel(tasks: imageTasks + x[0] * parts, scratch: sampler.scratchByteCount) { frame, range in
      let (dy, x0) = (frame.operand(0, as: T.self), frame.operand(1, as: T.self))
      let grid = frame.operand(2, as: T.self)
      for task in range where task < imageTasks && frame.hasResult(0) {
        let (batch, first) = (task / blocks, task % blocks * block)
        let planes = batch * channels + first..<batch * channels + min(first + block, channels)
        let dx = frame.result(0, as: T.self)
        (dx + planes.lowerBound * length).update(repeating: 0, count: planes.count * length)
        for point in 0..<points {
          let samples = sampler.locate(grid + (batch * points + point) * rank, in: frame.scratch)
          for plane in planes {
            let given = dy[plane * points + point]
            for sample in samples { dx[plane * length + sample.offset] += sample.weight * given }
          }
        }
      }
      for task in range where task >= imageTasks && task < imageTasks + x[0] * parts && frame.hasResult(1) {
        let (batch, first) = ((task - imageTasks) / parts, (task - imageTasks) % parts * part)
        for point in first..<min(first + part, points) {
          let position = (batch * points + point) * rank
          for axis in 0..<rank {
            let samples = sampler.locate(grid + position, in: frame.scratch, derivative: axis)
            var total: T = 0
            for plane in batch * channels..<(batch + 1) * channels {
              var sum: T = 0
              for sample in samples { sum += sample.weight * x0[plane * length + sample.offset] }
              total += sum * dy[plane * points + point]
            }
            frame.result(1, as: T.self)[position + rank - 1 - axis] = total
          }
        }
      }
    }
  }
}
