internal import CKernels

/// A plan for maximum or average pooling of channels-last data.
public struct Pooling: Sendable {
  public enum Kind: Sendable, Hashable {
    case maximum
    /// `countsPadding` divides by all taps, otherwise by those inside the image.
    case average(countsPadding: Bool)
  }

  public enum Element: Sendable, Hashable {
    case float32
    case bfloat16
    /// Averages become round(mean(x − xZero) · scale) + yZero.
    case quantized(ByteType, xZero: Int32 = 0, scale: Float = 1, yZero: Int32 = 0)

    var byteCount: Int {
      switch self {
      case .float32: 4
      case .bfloat16: 2
      case .quantized: 1
      }
    }
  }

  public let shape: ConvolutionShape
  public let kind: Kind
  public let element: Element
  public let instructionSet: InstructionSet
  private let offsets: TapOffsets
  private let reciprocals: [Float]
  private let pixelsPerTask: Int
  /// All, but where one position is the result of many.
  private let channelsPerTask: Int

  /// `shape` has as many output as input channels.
  public init(
    _ shape: ConvolutionShape, kind: Kind, element: Element = .float32, instructionSet: InstructionSet = .current
  ) {
    precondition(shape.inputChannels == shape.outputChannels, "pooling keeps the channels")
    (self.shape, self.kind, self.element, self.instructionSet) = (shape, kind, element, instructionSet)
    offsets = TapOffsets(shape)
    let offsets = offsets.offsets, taps = shape.taps
    switch kind {
    case .maximum: reciprocals = []
    case .average(let countsPadding):
      reciprocals = (0..<shape.outputPixels).map { pixel in
        let inside = (0..<taps).count { offsets[pixel * taps + $0] >= 0 }
        return 1 / Float(countsPadding ? taps : max(inside, 1))
      }
    }
    pixelsPerTask = max(1, min(shape.outputPixels, 128 * 1024 / max(1, shape.outputChannels * taps)))
    let parts = shape.outputPixels == 1 ? shape.outputChannels * taps / (64 * 1024) : 0
    channelsPerTask =
      parts < 2
      ? max(1, shape.outputChannels)
      : roundedUp(dividedUp(shape.outputChannels, by: roundedUp(parts, to: 2)), to: 64 / element.byteCount)
  }

  private var channelParts: Int { dividedUp(shape.outputChannels, by: channelsPerTask) }
  private var tasksPerImage: Int { dividedUp(shape.outputPixels, by: pixelsPerTask) * channelParts }
  public var taskCount: Int { shape.batch * tasksPerImage }

  /// Runs `tasks`: x [batch, input…, channels] to y [batch, output…, channels].
  public func run(tasks: Range<Int>, x: UnsafeRawPointer, y: UnsafeMutableRawPointer) {
    for task in tasks {
      let (image, rest) = task.quotientAndRemainder(dividingBy: tasksPerImage)
      let (part, channels) = rest.quotientAndRemainder(dividingBy: channelParts)
      run(
        pixels: part * pixelsPerTask..<min(shape.outputPixels, (part + 1) * pixelsPerTask),
        channels: channels * channelsPerTask..<min(shape.outputChannels, (channels + 1) * channelsPerTask),
        image: image, x: x, y: y)
    }
  }

  /// Whether any rows of the result can be computed alone.
  public var computesRows: Bool { shape.output.count == 2 }

  /// As `run(tasks:…)`, for rows of an image. Only what these rows read and write need be there.
  public func run(rows: Range<Int>, image: Int, x: UnsafeRawPointer, y: UnsafeMutableRawPointer) {
    let width = shape.output.last!
    run(
      pixels: rows.lowerBound * width..<rows.upperBound * width, channels: 0..<shape.outputChannels, image: image, x: x,
      y: y)
  }

  private func run(
    pixels: Range<Int>, channels: Range<Int>, image: Int, x: UnsafeRawPointer, y: UnsafeMutableRawPointer
  ) {
    let size = element.byteCount
    reciprocals.withUnsafeBufferPointer { reciprocals in
      let first = pixels.lowerBound
      let row = image * shape.outputPixels + first
      var arguments = Pool(
        x: x + (image * shape.inputPixels * shape.inputStride + channels.lowerBound) * size,
        offsets: offsets.row(first, shape.taps), taps: shape.taps, pixels: pixels.count, channels: channels.count,
        y: y + (row * shape.outputStride + channels.lowerBound) * size, y_stride: shape.outputStride,
        reciprocals: reciprocals.baseAddress.map { $0 + first }, type: Int32(pool_f32.rawValue), scale: 1,
        x_zero: 0, y_zero: 0)
      if case .quantized(let type, let xZero, let scale, let yZero) = element {
        arguments.type = Int32((type.isSigned ? pool_s8 : pool_u8).rawValue)
        (arguments.x_zero, arguments.scale, arguments.y_zero) = (xZero, scale, yZero)
      }
      if element == .bfloat16 { arguments.type = Int32(pool_bf16.rawValue) }
      switch kind {
      case .maximum: instructionSet.table.pointee.pool_maximum(&arguments)
      case .average: instructionSet.table.pointee.pool_average(&arguments)
      }
    }
  }
}
