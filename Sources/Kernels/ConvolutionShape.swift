/// The geometry of a convolution or pooling over channels-last data [batch, spatial…, channels], 1 to 3 spatial axes.
public struct ConvolutionShape: Sendable, Hashable {
  public var batch: Int
  public var inputChannels: Int
  public var outputChannels: Int
  public var groups: Int
  public var input: [Int]
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  public var padsBegin: [Int]
  public var output: [Int]
  /// Elements between neighbouring positions; more than the channels when the tensor is part of a wider one.
  public var inputStride: Int
  public var outputStride: Int

  /// `output` defaults to what strides, dilations and pads give, rounded down.
  public init(
    batch: Int = 1, inputChannels: Int, outputChannels: Int, groups: Int = 1, input: [Int], kernel: [Int],
    strides: [Int]? = nil, dilations: [Int]? = nil, padsBegin: [Int]? = nil, padsEnd: [Int]? = nil,
    output: [Int]? = nil, inputStride: Int? = nil, outputStride: Int? = nil
  ) {
    let rank = input.count
    precondition((1...3).contains(rank) && kernel.count == rank, "1 to 3 spatial axes")
    let ones = [Int](repeating: 1, count: rank), zeros = [Int](repeating: 0, count: rank)
    (self.batch, self.inputChannels, self.outputChannels, self.groups) = (batch, inputChannels, outputChannels, groups)
    (self.input, self.kernel) = (input, kernel)
    let strides = strides ?? ones, dilations = dilations ?? ones
    let begin = padsBegin ?? zeros, end = padsEnd ?? begin
    (self.strides, self.dilations, self.padsBegin) = (strides, dilations, begin)
    self.output =
      output
      ?? (0..<rank).map { (input[$0] + begin[$0] + end[$0] - (kernel[$0] - 1) * dilations[$0] - 1) / strides[$0] + 1 }
    self.inputStride = inputStride ?? inputChannels
    self.outputStride = outputStride ?? outputChannels
  }

  public var inputPixels: Int { input.reduce(1, *) }
  public var outputPixels: Int { output.reduce(1, *) }
  public var taps: Int { kernel.reduce(1, *) }
  /// One output channel per input channel, over at most two axes.
  public var isDepthwise: Bool {
    groups > 1 && groups == inputChannels && groups == outputChannels && input.count <= 2
  }
  public var inputChannelsPerGroup: Int { inputChannels / groups }
  public var outputChannelsPerGroup: Int { outputChannels / groups }

  /// Output channels would fill less than half of a vector, while what a kernel row reads fills at least one.
  func isNarrow(_ instructionSet: InstructionSet) -> Bool {
    let isJoined = InputStrip.suits(self, channels: 64)
    let run = isJoined ? inputChannels * kernel.last! : inputChannels
    return groups == 1 && outputChannels * 2 <= instructionSet.lanes && run >= instructionSet.lanes
  }

  /// Whether output pixel p reads just input pixel p.
  public var isPointwise: Bool {
    taps == 1 && strides.allSatisfy { $0 == 1 } && padsBegin.allSatisfy { $0 == 0 } && input == output
  }
}

/// For every output position of some images and every kernel tap the element offset of the input position in the first image,
/// or −1 in the padding.
final class TapOffsets: @unchecked Sendable {
  let offsets: UnsafeMutablePointer<Int32>
  private let count: Int

  init(_ shape: ConvolutionShape, images: Int = 1) {
    count = shape.outputPixels * shape.taps
    let imageElements = shape.inputPixels * shape.inputStride
    precondition(images * imageElements <= Int(Int32.max), "an image has too many elements")
    offsets = .allocate(capacity: max(images * count, 1))
    defer {
      for i in count..<max(images * count, count) {
        let first = offsets[i % count]
        offsets[i] = first < 0 ? -1 : first + Int32(i / count * imageElements)
      }
    }
    let lead = 3 - shape.input.count
    func three(_ values: [Int], _ fill: Int) -> [Int] { [Int](repeating: fill, count: lead) + values }
    let (input, output, kernel) = (three(shape.input, 1), three(shape.output, 1), three(shape.kernel, 1))
    let (strides, dilations, pads) = (three(shape.strides, 1), three(shape.dilations, 1), three(shape.padsBegin, 0))

    /// Input coordinate per output coordinate and tap of an axis, −1 outside.
    let coordinates = (0..<3).map { axis in
      (0..<output[axis]).map { o in
        (0..<kernel[axis]).map { t in
          let i = o * strides[axis] - pads[axis] + t * dilations[axis]
          return i >= 0 && i < input[axis] ? i : -1
        }
      }
    }
    var next = 0
    for z in coordinates[0] {
      for y in coordinates[1] {
        for x in coordinates[2] {
          for iz in z {
            for iy in y {
              for ix in x {
                let isInside = iz >= 0 && iy >= 0 && ix >= 0
                let pixel = (iz * input[1] + iy) * input[2] + ix
                offsets[next] = isInside ? Int32(pixel * shape.inputStride) : -1
                next += 1
              }
            }
          }
        }
      }
    }
  }

  deinit { offsets.deallocate() }
}
