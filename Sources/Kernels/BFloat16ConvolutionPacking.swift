/// How convolution weights that change from run to run are rounded to bfloat16 for `BFloat16Convolution`.
///
/// They come in fp32 as [kernel…, inputChannels / groups, outputChannels] of the convolution they belong to.
public struct BFloat16ConvolutionPacking: Sendable {
  public let shape: ConvolutionShape
  public let purpose: ConvolutionPacking.Purpose
  private let packing: BFloat16Packing

  /// Whether the convolution of this shape, that of the purpose, reads weights packed so.
  public static func suits(_ shape: ConvolutionShape, for purpose: ConvolutionPacking.Purpose = .forward) -> Bool {
    !shape.isDepthwise && (purpose == .forward || !InputStrip.suits(shape))
  }

  public init(_ plan: BFloat16Convolution, for purpose: ConvolutionPacking.Purpose = .forward) {
    precondition(Self.suits(plan.shape, for: purpose), "weights that are not packed")
    (shape, self.purpose) = (plan.shape, purpose)
    // Taps of a strip are whole kernel rows.
    let width = InputStrip.suits(shape) ? shape.kernel.last! : 1
    packing = BFloat16Packing(
      taps: shape.taps / width, depth: shape.inputChannelsPerGroup * width, n: shape.outputChannelsPerGroup,
      order: purpose == .forward ? [] : (0..<shape.taps).reversed(), instructionSet: plan.instructionSet)
  }

  public var byteCount: Int { shape.groups * packing.byteCount }
  public var taskCount: Int { shape.groups * packing.taskCount }
  public var scratchByteCount: Int { packing.scratchByteCount }

  /// A panel, and where the panels of its group end.
  func panel(
    _ base: UnsafeRawPointer, group: Int, column: Int
  ) -> (panel: UnsafePointer<UInt16>, end: UnsafeRawPointer) {
    let panels = base + group * packing.byteCount
    return (panels.assumingMemoryBound(to: UInt16.self) + column * packing.rows, panels + packing.byteCount)
  }

  /// Packs the pieces of `tasks` into `base`; scratch is aligned to 64.
  public func pack(
    tasks: Range<Int>, from weights: UnsafePointer<Float>, into base: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    for task in tasks {
      let (group, piece) = task.quotientAndRemainder(dividingBy: packing.taskCount)
      packing.pack(
        tasks: piece..<piece + 1, from: source(weights, group), into: base + group * packing.byteCount,
        scratch: scratch)
    }
  }

  private func source(_ weights: UnsafePointer<Float>, _ group: Int) -> BFloat16Packing.Source {
    switch purpose {
    case .forward:
      let row = shape.outputChannels
      return .init(weights + group * packing.n, .float32, tapStride: packing.depth * row, rowStride: row)
    case .inputGradient:
      // [taps][n][k · groups] of the other convolution.
      let total = shape.inputChannels
      return .init(
        weights + group * packing.depth, .float32, tapStride: packing.n * total, rowStride: 1, columnStride: total)
    }
  }
}

extension BFloat16Convolution {
  /// The convolution that gives the gradient with respect to the input of a convolution of `shape`, for strides of 1; nil for
  /// others.
  public static func inputGradient(of shape: ConvolutionShape, instructionSet: InstructionSet = .current)
    -> BFloat16Convolution?
  {
    guard let other = shape.inputGradient, BFloat16ConvolutionPacking.suits(other, for: .inputGradient) else {
      return nil
    }
    return BFloat16Convolution(other, yType: .float32, instructionSet: instructionSet)
  }
}
