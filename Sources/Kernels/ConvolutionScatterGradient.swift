internal import CKernels

/// A plan for the gradient of an fp32 convolution with respect to its input, for small images of few channels: every row of
/// dy times all weights, added up where the taps reach. It computes nothing for the padding, which is most of what gathering
/// would compute for wide windows over small images.
public struct ConvolutionScatterGradient: Sendable {
  public let shape: ConvolutionShape
  private let product: MatrixProduct

  public static func suits(_ shape: ConvolutionShape) -> Bool {
    guard shape.groups == 1, shape.input.count <= 2, shape.dilations.allSatisfy({ $0 == 1 }),
      shape.padsBegin.allSatisfy({ $0 == 0 }), shape.inputStride == shape.inputChannels,
      shape.inputChannels * shape.taps <= 1024, shape.outputPixels * shape.inputChannels * shape.taps <= 256 * 1024,
      shape.outputPixels >= 16
    else { return false }
    return Double(shape.outputPixels) < 0.6 * Double(shape.inputPixels)
  }

  public init(_ shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    precondition(Self.suits(shape), "small images without padding")
    self.shape = shape
    product = MatrixProduct(
      m: shape.outputPixels, n: shape.inputChannels * shape.taps, k: shape.outputChannels, transposeB: true,
      instructionSet: instructionSet)
  }

  public var packTaskCount: Int { product.packTaskCount }
  public var workspaceByteCount: Int { product.packedByteCount }
  public var taskCount: Int { shape.batch }
  public var scratchByteCount: Int { roundedUp(product.m * product.n * 4, to: 64) }

  /// Packs weights [kernel…, inputChannels, outputChannels].
  public func pack(tasks: Range<Int>, weights: UnsafePointer<Float>, into workspace: UnsafeMutableRawPointer) {
    product.pack(tasks: tasks, b: weights, into: workspace)
  }

  /// dx of the images of `tasks`.
  public func run(
    tasks: Range<Int>, dy: UnsafePointer<Float>, workspace: UnsafeRawPointer, dx: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    let sums = scratch.assumingMemoryBound(to: Float.self)
    let width = shape.input.last!, (kernelWidth, stride) = (shape.kernel.last!, shape.strides.last!)
    let rows = shape.input.count == 1 ? 1 : shape.output[0], kernelHeight = shape.input.count == 1 ? 1 : shape.kernel[0]
    let step = shape.input.count == 1 ? 1 : shape.strides[0], run = kernelWidth * shape.inputChannels
    for image in tasks {
      product.run(
        tasks: 0..<product.taskCount, a: dy + image * shape.outputPixels * shape.outputStride, packed: workspace,
        c: sums, scratch: nil)
      let out = dx + image * shape.inputPixels * shape.inputChannels
      out.update(repeating: 0, count: shape.inputPixels * shape.inputChannels)
      for row in 0..<rows {
        for column in 0..<shape.output.last! {
          let from = sums + (row * shape.output.last! + column) * product.n
          for tap in 0..<kernelHeight {
            let target = out + ((row * step + tap) * width + column * stride) * shape.inputChannels
            let source = from + tap * run
            for i in 0..<run { target[i] += source[i] }
          }
        }
      }
    }
  }
}
