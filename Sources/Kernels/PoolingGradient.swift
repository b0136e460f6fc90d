internal import CKernels

/// A plan for the cotangent of what was pooled, channels-last float32 data.
public struct PoolingGradient: Sendable {
  public enum Kind: Sendable, Hashable {
    case maximum
    /// Cotangents of averages are multiplied with these, one per output position.
    case average(reciprocals: [Float])
  }

  public let shape: ConvolutionShape
  public let kind: Kind
  public let instructionSet: InstructionSet
  private let offsets: TapOffsets
  private let channelsPerTask: Int
  /// No input is in two windows; every input is in one.
  private let (isApart, isCovered): (Bool, Bool)

  /// `shape` has as many output as input channels. Windows overlap, so that an image is divided by channels only: into as
  /// few parts as keep `threads` busy.
  public init(
    _ shape: ConvolutionShape, kind: Kind, threads: Int = 1, instructionSet: InstructionSet = .current
  ) {
    precondition(shape.inputChannels == shape.outputChannels, "pooling keeps the channels")
    (self.shape, self.kind, self.instructionSet) = (shape, kind, instructionSet)
    offsets = TapOffsets(shape)
    isApart = shape.input.indices.allSatisfy {
      (shape.kernel[$0] - 1) * shape.dilations[$0] < shape.strides[$0]
    }
    isCovered = shape.input.indices.allSatisfy {
      shape.kernel[$0] == shape.strides[$0] && shape.dilations[$0] == 1 && shape.padsBegin[$0] == 0
        && shape.output[$0] * shape.strides[$0] >= shape.input[$0]
    }
    let wanted = threads > 1 ? dividedUp(4 * threads, by: max(shape.batch, 1)) : 1
    let block = 4 * instructionSet.lanes
    channelsPerTask = max(dividedUp(dividedUp(shape.outputChannels, by: wanted), by: block) * block, block)
  }

  private var tasksPerImage: Int { dividedUp(shape.outputChannels, by: channelsPerTask) }
  public var taskCount: Int { shape.batch * tasksPerImage }

  /// Runs `tasks`: dx [batch, input…, channels] of dy and y [batch, output…, channels] and x like dx. Only maxima read x and y.
  public func run(
    tasks: Range<Int>, dy: UnsafePointer<Float>, x: UnsafePointer<Float>?, y: UnsafePointer<Float>?,
    dx: UnsafeMutablePointer<Float>
  ) {
    for task in tasks {
      let (image, part) = task.quotientAndRemainder(dividingBy: tasksPerImage)
      let first = part * channelsPerTask
      let channels = min(channelsPerTask, shape.outputChannels - first)
      let input = image * shape.inputPixels * shape.inputStride + first
      let output = image * shape.outputPixels * shape.outputStride + first
      let target = dx + input
      let isWhole = channels == shape.inputStride
      for pixel in 0..<(isApart && isCovered ? 0 : isWhole ? 1 : shape.inputPixels) {
        withUnsafeBytes(of: Float(0)) {
          fillElements(
            target + pixel * shape.inputStride, with: $0.baseAddress!, width: 4,
            count: isWhole ? shape.inputPixels * channels : channels)
        }
      }
      var arguments = PoolGradient(
        x: x.map { $0 + input }, y: y.map { $0 + output }, dy: dy + output, offsets: offsets.row(0, shape.taps),
        taps: shape.taps, pixels: shape.outputPixels, channels: channels, y_stride: shape.outputStride,
        reciprocals: nil, dx: target, apart: isApart ? 1 : 0)
      switch kind {
      case .maximum: instructionSet.table.pointee.pool_maximum_gradient(&arguments)
      case .average(let reciprocals):
        reciprocals.withUnsafeBufferPointer {
          arguments.reciprocals = $0.baseAddress
          instructionSet.table.pointee.pool_average_gradient(&arguments)
        }
      }
    }
  }
}
