internal import CKernels

/// fp32 convolution weights rounded to bfloat16 in the layout `BFloat16Convolution` reads.
public final class PackedBFloat16Convolution: Sendable {
  let instructionSet: InstructionSet
  let groups: [BFloat16Panels]

  /// Packs fp32 weights [outputChannels, inputChannels / groups, kernel…], which need not be aligned.
  public init(_ weights: UnsafeRawPointer, shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
    let taps = shape.taps, channels = shape.inputChannelsPerGroup, columns = shape.outputChannelsPerGroup
    groups = (0..<shape.groups).map { group in
      BFloat16Panels(
        weights + group * columns * channels * taps * 4, taps: taps, depth: channels, n: columns, tapStride: 4,
        rowStride: taps * 4, columnStride: channels * taps * 4, instructionSet: instructionSet)
    }
  }

  public var byteCount: Int { groups.reduce(0) { $0 + $1.memory.byteCount } }
}

/// A plan for a convolution of bfloat16 channels-last data with fp32 sums. Depthwise ones are better left in fp32.
public struct BFloat16Convolution: Sendable {
  public let shape: ConvolutionShape
  public let yType: HalfOrFloat
  public let epilogue: Epilogue
  public let instructionSet: InstructionSet
  private let grid: ConvolutionGrid
  private let offsets: TapOffsets?

  public init(
    _ shape: ConvolutionShape, yType: HalfOrFloat = .bfloat16, epilogue: Epilogue = Epilogue(),
    instructionSet: InstructionSet = .current
  ) {
    (self.shape, self.yType, self.epilogue, self.instructionSet) = (shape, yType, epilogue, instructionSet)
    grid = ConvolutionGrid(shape, instructionSet: instructionSet, elementsPerStep: 2, allowsDepthwise: false)
    offsets = shape.isPointwise ? nil : TapOffsets(shape)
  }

  public var taskCount: Int { grid.taskCount }
  public var scratchByteCount: Int { roundedUp(shape.inputChannelsPerGroup * 2, to: 64) }

  /// Runs `tasks`: bfloat16 x [batch, input…, inputChannels] to y; bias and residual are fp32.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<UInt16>, weights: PackedBFloat16Convolution, y: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    precondition(weights.instructionSet == instructionSet, "weights are packed for another instruction set")
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: scratchByteCount)
    for task in tasks {
      let block = grid.block(task)
      let row = block.image * shape.outputPixels + block.pixels.lowerBound
      let image = x + (block.image * shape.inputPixels * shape.inputStride + block.group * shape.inputChannelsPerGroup)
      let source = grid.rows(block, image, offsets, zeros: scratch, elementByteCount: 2)
      for panel in block.panels {
        let column = panel * grid.panels.width
        let channel = block.group * grid.panels.n + column
        var arguments = GemmBF16(
          a: source, b: weights.groups[block.group].panel(at: column),
          c: y + (row * shape.outputStride + channel) * yType.byteCount, c_stride: shape.outputStride,
          rows: block.pixels.count, columns: grid.panels.columns(panel), narrow: yType == .bfloat16 ? 1 : 0,
          epilogue: operands.epilogue(epilogue, row: row, column: channel, stride: shape.outputStride))
        instructionSet.table.pointee.gemm_bf16(&arguments)
      }
    }
  }
}
