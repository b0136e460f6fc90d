public import HoneIR

/// Convolution whose taps are displaced by offsets and weighted by a mask (Zhu et al., arXiv 1811.11168).
public struct DeformConv: ExecutableOp, WindowOp {
  public static let since = 19
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var offset_group = 1
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  var auto_pad: AutoPad { .notSet }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...5)
    return [.tensor(try call.element(0), try convolutionShape(call, x: 0, w: 1, bias: 3, group: group))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 0, w: 1, group: group)
    guard sizes.window.axes.count == 2 else {
      throw GraphError(.unsupported, "has no kernel for \(sizes.window.axes.count) spatial axes")
    }
    guard offset_group > 0, sizes.channels % offset_group == 0 else {
      throw GraphError(.attribute, "\(sizes.channels) channels do not divide into \(offset_group) offset groups")
    }
    let (taps, spatial) = (sizes.window.tapCount, sizes.window.outputSizes)
    guard try call.sizes(2) == [sizes.batch, offset_group * taps * 2] + spatial else {
      throw GraphError(
        .type, "offsets must be [\(sizes.batch), \(offset_group * taps * 2)] + \(spatial): \(try call.tensor(2))")
    }
    if call.has(4), try call.sizes(4) != [sizes.batch, offset_group * taps] + spatial {
      throw GraphError(
        .type, "mask must be [\(sizes.batch), \(offset_group * taps)] + \(spatial): \(try call.tensor(4))")
    }
    switch try call.element(0) {
    case .float32: return kernel(sizes, call, Float.self)
    case .float64: return kernel(sizes, call, Double.self)
    case .float16: return kernel(sizes, call, Float16.self)
    case .bfloat16: return kernel(sizes, call, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func kernel<T: RealElement>(_ sizes: ConvolutionSizes, _ call: Call, _: T.Type) -> Kernel {
    let (hasBias, hasMask) = (call.has(3), call.has(4))
    let (height, width) = (sizes.window.height, sizes.window.width)
    let (inputs, outputs, taps) = (sizes.window.inputCount, sizes.window.outputCount, sizes.window.tapCount)
    let (groups, perGroup) = (offset_group, sizes.channels / offset_group)
    return Kernel(tasks: sizes.batch * sizes.filters) { frame, range in
      let (x, w, offsets) = (frame.operand(0, as: T.self), frame.operand(1, as: T.self), frame.operand(2, as: T.self))
      let y = frame.result(0, as: T.self)
      for plane in range {
        let (batch, filter) = plane.quotientAndRemainder(dividingBy: sizes.filters)
        let first = filter / sizes.groupFilters * sizes.groupChannels
        for position in 0..<outputs {
          let (oh, ow) = position.quotientAndRemainder(dividingBy: width.output)
          var sum: T.Real = hasBias ? frame.operand(3, as: T.self)[filter].real : 0
          for c in 0..<sizes.groupChannels {
            let channel = first + c
            let block = (batch * groups + channel / perGroup) * taps
            let source = x + (batch * sizes.channels + channel) * inputs
            for tap in 0..<taps {
              let (kh, kw) = tap.quotientAndRemainder(dividingBy: width.kernel)
              let dh = offsets[(block + tap) * 2 * outputs + position].real
              let dw = offsets[((block + tap) * 2 + 1) * outputs + position].real
              let value = bilinear(
                source, height.input, width.input, T.Real(height.start(oh) + kh * height.dilation) + dh,
                T.Real(width.start(ow) + kw * width.dilation) + dw)
              let weight = w[(filter * sizes.groupChannels + c) * taps + tap].real
              let mask: T.Real = hasMask ? frame.operand(4, as: T.self)[(block + tap) * outputs + position].real : 1
              sum += value * weight * mask
            }
          }
          y[plane * outputs + position] = T(real: sum)
        }
      }
    }
  }
}

/// The value of a plane between its elements; outside it is zero.
@inline(__always)
private func bilinear<T: RealElement>(
  _ plane: UnsafePointer<T>, _ height: Int, _ width: Int, _ h: T.Real, _ w: T.Real
) -> T.Real {
  guard h > -1, w > -1, h < T.Real(height), w < T.Real(width) else { return 0 }
  let (top, left) = (h.rounded(.down), w.rounded(.down))
  let (row, column) = (Int(top), Int(left))
  let (down, right) = (h - top, w - left)
  func at(_ i: Int, _ j: Int) -> T.Real {
    i >= 0 && j >= 0 && i < height && j < width ? plane[i * width + j].real : 0
  }
  let upper = at(row, column) * (1 - right) + at(row, column + 1) * right
  let lower = at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right
  return upper * (1 - down) + lower * down
}

extension DeformConv: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let operands = [dy] + node.operands.prefix(3) + [node.operands.count > 4 ? node.operands[4] : nil]
    let results = try g.apply(DeformConvGradient(self), operands, resultCount: 4)
    var total = ReduceSum()
    total.keepdims = false
    let axes = try g.sizes(of: dy).indices.filter { $0 != 1 }
    let bias = try g.apply(total, dy, g.constant(.integers(axes)))
    return [results[0], results[1], results[2], bias, operands[4] == nil ? nil : results[3]]
  }
}
