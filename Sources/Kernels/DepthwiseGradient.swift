internal import CKernels

/// A plan for the gradients of an fp32 depthwise convolution over channels-last data, with weights [taps][channels].
public struct DepthwiseGradient: Sendable {
  public let shape: ConvolutionShape
  public let instructionSet: InstructionSet
  private let rowsPerTask: Int
  private let partCount: Int
  private static let leastWork = 64 * 1024
  private static let mostParts = 16

  /// The weights' gradient is summed in `parts` equal parts of the batch where they are given and images are large.
  public init(_ shape: ConvolutionShape, parts: Int = 0, instructionSet: InstructionSet = .current) {
    precondition(shape.isDepthwise, "one filter per channel")
    (self.shape, self.instructionSet) = (shape, instructionSet)
    let width = shape.input.last! * shape.outputChannels * shape.taps
    let height = shape.input.count == 1 ? 1 : shape.input[0]
    rowsPerTask = max(1, min(height, Self.leastWork / max(width, 1)))
    let isLarge = parts > 0 && shape.outputPixels >= 64 && shape.batch % parts == 0
    partCount = isLarge ? parts : max(1, min(Self.mostParts, shape.batch))
  }

  private var height: Int { shape.input.count == 1 ? 1 : shape.input[0] }
  private var outputHeight: Int { shape.input.count == 1 ? 1 : shape.output[0] }
  private var blocksPerImage: Int { dividedUp(height, by: rowsPerTask) }

  public var inputTaskCount: Int { shape.batch * blocksPerImage }

  /// dx of the input rows of `tasks`, for any strides.
  public func inputGradient(
    tasks: Range<Int>, dy: UnsafePointer<Float>, weights: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>
  ) {
    for task in tasks {
      let (image, block) = task.quotientAndRemainder(dividingBy: blocksPerImage)
      var arguments = DepthwiseInputsF32(
        window: shape.window, dy: dy + image * shape.outputPixels * shape.outputStride, weights: weights,
        y_stride: shape.outputStride, weight_stride: shape.outputChannels, output_height: outputHeight,
        row_begin: block * rowsPerTask, row_end: min(height, (block + 1) * rowsPerTask), channels: shape.outputChannels,
        dx: dx + image * shape.inputPixels * shape.inputStride, x_stride: shape.inputStride)
      instructionSet.table.pointee.depthwise_inputs_f32(&arguments)
    }
  }

  private var floatCount: Int { shape.taps * shape.outputChannels }
  /// Parts of the batch whose sums are made apart.
  public var weightTaskCount: Int { partCount }
  public var workspaceByteCount: Int { partCount * floatCount * 4 }

  /// Sums of the images of `tasks`, each left in its part of the workspace.
  public func weightGradient(
    tasks: Range<Int>, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, workspace: UnsafeMutableRawPointer
  ) {
    for task in tasks {
      let part = workspace.assumingMemoryBound(to: Float.self) + task * floatCount
      part.update(repeating: 0, count: floatCount)
      for image in shape.batch * task / partCount..<shape.batch * (task + 1) / partCount {
        var arguments = DepthwiseWeightsF32(
          window: shape.window, x: x + image * shape.inputPixels * shape.inputStride,
          dy: dy + image * shape.outputPixels * shape.outputStride, x_stride: shape.inputStride,
          y_stride: shape.outputStride, row_begin: 0, row_end: outputHeight, channels: shape.outputChannels,
          dw: part, dw_stride: shape.outputChannels)
        instructionSet.table.pointee.depthwise_weights_f32(&arguments)
      }
    }
  }

  private static let floatsPerReduction = 1024
  public var reductionTaskCount: Int { dividedUp(floatCount, by: Self.floatsPerReduction) }

  /// Adds up the parts of the weights of `tasks`.
  public func reduce(tasks: Range<Int>, workspace: UnsafeRawPointer, dw: UnsafeMutablePointer<Float>) {
    let parts = workspace.assumingMemoryBound(to: Float.self)
    let length = Self.floatsPerReduction
    let range = tasks.lowerBound * length..<min(floatCount, tasks.upperBound * length)
    (dw + range.lowerBound).update(from: parts + range.lowerBound, count: range.count)
    instructionSet.reduceColumns(
      parts + floatCount + range.lowerBound, stride: floatCount, rows: partCount - 1, count: range.count, .sum,
      into: dw + range.lowerBound)
  }
}
