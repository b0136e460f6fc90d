public import HoneIR

/// The cotangents of image, weights, offsets and mask of `DeformConv`. Operands are the result's cotangent and those four,
/// the mask optional; without it result 3 is empty.
public struct DeformConvGradient: ExecutableOp, WindowOp {
  public static var domain: String { NHWC.domain }
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var offset_group = 1
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}
  public init(_ op: DeformConv) {
    (dilations, group, kernel_shape) = (op.dilations, op.group, op.kernel_shape)
    (offset_group, pads, strides) = (op.offset_group, op.pads, op.strides)
  }

  var auto_pad: AutoPad { .notSet }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(5...5)
    let empty = ValueType.tensor(try call.element(1), [0])
    return [
      .tensor(try call.tensor(1)), .tensor(try call.tensor(2)), .tensor(try call.tensor(3)),
      try call.optionalTensor(4).map { .tensor($0) } ?? empty,
    ]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 1, w: 2, group: group)
    guard sizes.window.axes.count == 2 else {
      throw GraphError(.unsupported, "has no kernel for \(sizes.window.axes.count) spatial axes")
    }
    let type = try call.element(1).interpolationType
    let operands = [0, 1, 2, 3] + (call.has(4) ? [4] : [])
    if let staged = try StagedElements(call, operands: operands, computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? kernel(sizes, call.has(4), Double.self) : kernel(sizes, call.has(4), Float.self)
  }

  /// One task for each image's cotangents of image, offsets and mask, and one for each filter's weights.
  private func kernel<T: RealElement & BinaryFloatingPoint>(_ sizes: ConvolutionSizes, _ hasMask: Bool, _: T.Type)
    -> Kernel
  {
    let taps = DeformedTaps<T>(sizes, offsetGroups: offset_group)
    return Kernel(tasks: sizes.batch + sizes.filters) { frame, range in
      for task in range where task < sizes.batch + sizes.filters {
        let dy = frame.operand(0, as: T.self), w = frame.operand(2, as: T.self)
        let x = frame.operand(1, as: T.self), offsets = frame.operand(3, as: T.self)
        let mask = hasMask ? frame.operand(4, as: T.self) : nil
        if task < sizes.batch {
          taps.spread(
            image: task, dy, x, w, offsets, mask, dx: frame.hasResult(0) ? frame.result(0) : nil,
            dOffsets: frame.hasResult(2) ? frame.result(2) : nil,
            dMask: hasMask && frame.hasResult(3) ? frame.result(3) : nil)
        } else if frame.hasResult(1) {
          taps.weights(filter: task - sizes.batch, dy, x, offsets, mask, frame.result(1))
        }
      }
    }
  }
}

/// The taps of a deformed convolution, each of which reads between four elements.
private struct DeformedTaps<T: BinaryFloatingPoint & Sendable>: Sendable {
  let sizes: ConvolutionSizes
  let offsetGroups: Int
  init(_ sizes: ConvolutionSizes, offsetGroups: Int) { (self.sizes, self.offsetGroups) = (sizes, offsetGroups) }

  private var tapCount: Int { sizes.window.tapCount }
  private var outputs: Int { sizes.window.outputCount }
  private var inputs: Int { sizes.window.inputCount }

  /// An element around the place where a tap reads, its weight, and the weight's derivatives by the place's coordinates.
  private struct Corner {
    var offset: Int
    var weight: T
    var slope: (y: T, x: T)
  }

  private func corners(_ block: Int, _ tap: Int, _ position: Int, _ offsets: UnsafePointer<T>) -> [Corner] {
    let (height, width) = (sizes.window.height, sizes.window.width)
    let (kh, kw) = tap.quotientAndRemainder(dividingBy: width.kernel)
    let (oh, ow) = position.quotientAndRemainder(dividingBy: width.output)
    let place = (block + tap) * 2 * outputs + position
    let y = T(height.start(oh) + kh * height.dilation) + offsets[place]
    let x = T(width.start(ow) + kw * width.dilation) + offsets[place + outputs]
    guard y > -1, x > -1, y < T(height.input), x < T(width.input) else { return [] }
    let (row, column) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    let (down, right) = (y - T(row), x - T(column))
    var corners: [Corner] = []
    for (i, v, dv) in [(row, 1 - down, T(-1)), (row + 1, down, 1)] where i >= 0 && i < height.input {
      for (j, u, du) in [(column, 1 - right, T(-1)), (column + 1, right, 1)] where j >= 0 && j < width.input {
        corners.append(Corner(offset: i * width.input + j, weight: v * u, slope: (dv * u, v * du)))
      }
    }
    return corners
  }

  func spread(
    image: Int, _ dy: UnsafePointer<T>, _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, _ offsets: UnsafePointer<T>,
    _ mask: UnsafePointer<T>?, dx: UnsafeMutablePointer<T>?, dOffsets: UnsafeMutablePointer<T>?,
    dMask: UnsafeMutablePointer<T>?
  ) {
    let blockLength = offsetGroups * tapCount * outputs
    if let dx { (dx + image * sizes.channels * inputs).update(repeating: 0, count: sizes.channels * inputs) }
    if let dOffsets { (dOffsets + image * 2 * blockLength).update(repeating: 0, count: 2 * blockLength) }
    if let dMask { (dMask + image * blockLength).update(repeating: 0, count: blockLength) }
    for channel in 0..<sizes.channels {
      let block = (image * offsetGroups + channel / (sizes.channels / offsetGroups)) * tapCount
      let plane = (image * sizes.channels + channel) * inputs
      let (group, own) = channel.quotientAndRemainder(dividingBy: sizes.groupChannels)
      for tap in 0..<tapCount {
        for position in 0..<outputs {
          // The cotangent of the masked value that the tap reads.
          var given: T = 0
          for filter in group * sizes.groupFilters..<(group + 1) * sizes.groupFilters {
            given +=
              dy[(image * sizes.filters + filter) * outputs + position]
              * w[(filter * sizes.groupChannels + own) * tapCount + tap]
          }
          let place = (block + tap) * outputs + position
          let masked = given * (mask?[place] ?? 1)
          var (value, slope): (T, (y: T, x: T)) = (0, (0, 0))
          for corner in corners(block, tap, position, offsets) {
            let element = x[plane + corner.offset]
            value += corner.weight * element
            slope = (slope.y + corner.slope.y * element, slope.x + corner.slope.x * element)
            dx?[plane + corner.offset] += corner.weight * masked
          }
          let pair = (block + tap) * 2 * outputs + position
          dOffsets?[pair] += slope.y * masked
          dOffsets?[pair + outputs] += slope.x * masked
          dMask?[place] += value * given
        }
      }
    }
  }

  func weights(
    filter: Int, _ dy: UnsafePointer<T>, _ x: UnsafePointer<T>, _ offsets: UnsafePointer<T>, _ mask: UnsafePointer<T>?,
    _ dw: UnsafeMutablePointer<T>
  ) {
    let first = filter / sizes.groupFilters * sizes.groupChannels
    for own in 0..<sizes.groupChannels {
      let channel = first + own
      for tap in 0..<tapCount {
        var sum: T = 0
        for image in 0..<sizes.batch {
          let block = (image * offsetGroups + channel / (sizes.channels / offsetGroups)) * tapCount
          let plane = x + (image * sizes.channels + channel) * inputs
          for position in 0..<outputs {
            var value: T = 0
            for corner in corners(block, tap, position, offsets) { value += corner.weight * plane[corner.offset] }
            sum +=
              value * (mask?[(block + tap) * outputs + position] ?? 1)
              * dy[(image * sizes.filters + filter) * outputs + position]
          }
        }
        dw[(filter * sizes.groupChannels + own) * tapCount + tap] = sum
      }
    }
  }
}
