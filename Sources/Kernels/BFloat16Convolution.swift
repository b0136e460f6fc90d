internal import CKernels

/// fp32 convolution weights rounded to bfloat16 in the layout `BFloat16Convolution` reads; depthwise ones stay fp32.
public final class PackedBFloat16Convolution: Sendable {
  let instructionSet: InstructionSet
  let groups: [BFloat16Panels]
  private let depthwiseWeights: PackedConvolution?

  /// Packs fp32 weights [outputChannels, inputChannels / groups, kernel…], which need not be aligned.
  public init(_ weights: UnsafeRawPointer, shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
    guard !shape.isDepthwise else {
      depthwiseWeights = PackedConvolution(weights, shape: shape, instructionSet: instructionSet)
      groups = []
      return
    }
    depthwiseWeights = nil
    guard !InputStrip.suits(shape) else {
      groups = [Self.stripPanels(weights, shape, instructionSet)]
      return
    }
    let taps = shape.taps, channels = shape.inputChannelsPerGroup, columns = shape.outputChannelsPerGroup
    groups = (0..<shape.groups).map { group in
      BFloat16Panels(
        weights + group * columns * channels * taps * 4, taps: taps, depth: channels, n: columns, tapStride: 4,
        rowStride: taps * 4, columnStride: channels * taps * 4, instructionSet: instructionSet)
    }
  }

  /// Panels whose taps are whole kernel rows: [kernel row][kernel column · channel].
  private static func stripPanels(
    _ weights: UnsafeRawPointer, _ shape: ConvolutionShape, _ instructionSet: InstructionSet
  ) -> BFloat16Panels {
    let (taps, channels, columns) = (shape.taps, shape.inputChannels, shape.outputChannels)
    let width = shape.kernel.last!
    var rows = [Float](repeating: 0, count: columns * taps * channels)
    for index in rows.indices {
      let (output, rest) = index.quotientAndRemainder(dividingBy: taps * channels)
      let (tap, channel) = rest.quotientAndRemainder(dividingBy: channels)
      rows[index] = weights.loadUnaligned(
        fromByteOffset: ((output * channels + channel) * taps + tap) * 4, as: Float.self)
    }
    return BFloat16Panels(
      rows, taps: taps / width, depth: width * channels, n: columns, tapStride: width * channels * 4, rowStride: 4,
      columnStride: taps * channels * 4, instructionSet: instructionSet)
  }

  public var byteCount: Int { groups.reduce(depthwiseWeights?.byteCount ?? 0) { $0 + $1.memory.byteCount } }

  /// Depthwise weights [taps][channels].
  var depthwise: UnsafePointer<Float> { depthwiseWeights!.view.depthwise }
}

/// A plan for a convolution of bfloat16 channels-last data with fp32 sums.
public struct BFloat16Convolution: Sendable {
  public let shape: ConvolutionShape
  /// bfloat16 where the convolution is depthwise.
  public let yType: HalfOrFloat
  public let epilogue: Epilogue
  public let instructionSet: InstructionSet
  private let grid: ConvolutionGrid
  private let offsets: TapOffsets?
  private let strip: InputStrip?
  /// Small images are taken as one, so that weights are read once for many positions.
  private let merged: ConvolutionShape

  private static let mergedPixels = 512

  public init(
    _ shape: ConvolutionShape, yType: HalfOrFloat = .bfloat16, epilogue: Epilogue = Epilogue(),
    instructionSet: InstructionSet = .current
  ) {
    precondition(yType == .bfloat16 || !shape.isDepthwise, "depthwise convolutions give what they take")
    (self.shape, self.yType, self.epilogue, self.instructionSet) = (shape, yType, epilogue, instructionSet)
    let isGathered = !shape.isPointwise && !shape.isDepthwise && !InputStrip.suits(shape)
    let images = isGathered && shape.groups == 1 ? shape.imagesTogether(within: Self.mergedPixels) : 1
    merged = images > 1 ? shape.merging(images) : shape
    grid = ConvolutionGrid(
      merged, instructionSet: instructionSet, elementsPerStep: instructionSet.bfloat16Speed,
      tileRows: instructionSet.bfloat16Rows, stripChannels: 4)
    strip = grid.strip()
    offsets = isGathered ? TapOffsets(shape, images: images) : nil
  }

  public var taskCount: Int { grid.taskCount }
  public var scratchByteCount: Int { roundedUp((strip?.elementCount ?? shape.inputChannelsPerGroup) * 2, to: 64) }

  /// Runs `tasks`: bfloat16 x [batch, input…, inputChannels] to y; the bias is fp32, and so is the residual of fp32 y.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<UInt16>, weights: PackedBFloat16Convolution, y: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    precondition(weights.instructionSet == instructionSet, "weights are packed for another instruction set")
    prepare(scratch)
    for task in tasks { compute(grid.block(task), x, weights, y, operands, scratch) }
  }

  /// Whether any rows of the result can be computed alone.
  public var computesRows: Bool { merged.output.count == 2 }

  /// As `run(tasks:…)`, for rows of an image. Only what these rows read and write need be there.
  public func run(
    rows: Range<Int>, image: Int, x: UnsafePointer<UInt16>, weights: PackedBFloat16Convolution,
    y: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    prepare(scratch)
    grid.forEachBlock(rows: rows, image: image) {
      compute($0, x, weights, y, operands, scratch)
    }
  }

  /// Zeros what stands for padding.
  private func prepare(_ scratch: UnsafeMutableRawPointer) {
    guard strip == nil, !shape.isDepthwise else { return }
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: scratchByteCount)
  }

  private func compute(
    _ block: ConvolutionGrid.Block, _ x: UnsafePointer<UInt16>, _ weights: PackedBFloat16Convolution,
    _ y: UnsafeMutableRawPointer, _ operands: EpilogueOperands, _ scratch: UnsafeMutableRawPointer
  ) {
    let image = x + block.image * merged.inputPixels * shape.inputStride
    guard !shape.isDepthwise else {
      return depthwise(block, image, weights, y.assumingMemoryBound(to: UInt16.self), operands)
    }
    products(block, image, y, operands, scratch) { (weights.groups[$0].panel(at: $1), weights.groups[$0].end) }
  }

  /// Runs `tasks` with weights that `packing` left at `packed`.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<UInt16>, packing: BFloat16ConvolutionPacking, packed: UnsafeRawPointer,
    y: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    prepare(scratch)
    for task in tasks {
      let block = grid.block(task)
      let image = x + block.image * merged.inputPixels * shape.inputStride
      products(block, image, y, operands, scratch) { packing.panel(packed, group: $0, column: $1) }
    }
  }

  private func products(
    _ block: ConvolutionGrid.Block, _ image: UnsafePointer<UInt16>, _ y: UnsafeMutableRawPointer,
    _ operands: EpilogueOperands, _ scratch: UnsafeMutableRawPointer,
    weights: (_ group: Int, _ column: Int) -> (panel: UnsafePointer<UInt16>, end: UnsafeRawPointer)
  ) {
    let source: RowSource
    if let strip {
      let width = shape.output.last!
      strip.fill(
        scratch.assumingMemoryBound(to: UInt16.self), from: image, outputRow: block.pixels.lowerBound / width,
        count: block.pixels.count / width, padding: 0)
      source = strip.rows(scratch)
    } else {
      source = grid.rows(
        block, image + block.group * shape.inputChannelsPerGroup, offsets, zeros: scratch, elementByteCount: 2)
    }
    for panel in block.panels {
      product(block, panel, source, weights(block.group, panel * grid.panels.width), y, operands)
    }
  }

  private func product(
    _ block: ConvolutionGrid.Block, _ panel: Int, _ source: RowSource,
    _ weights: (panel: UnsafePointer<UInt16>, end: UnsafeRawPointer), _ y: UnsafeMutableRawPointer,
    _ operands: EpilogueOperands
  ) {
    let row = block.image * merged.outputPixels + block.pixels.lowerBound
    let column = panel * grid.panels.width
    let channel = block.group * grid.panels.n + column
    var arguments = GemmBF16(
      a: source, b: weights.panel,
      c: y + (row * shape.outputStride + channel) * yType.byteCount, c_stride: shape.outputStride,
      rows: block.pixels.count, columns: grid.panels.columns(panel), narrow: yType == .bfloat16 ? 1 : 0,
      epilogue: operands.epilogue(epilogue, row: row, column: channel, stride: shape.outputStride), next: nil,
      next_bytes: 0)
    let depth = source.taps * roundedUp(source.depth, to: instructionSet.bfloat16Depth)
    arguments.prefetch(grid.panels.width * depth * 2, before: weights.end, share: block.share)
    instructionSet.table.pointee.gemm_bf16(&arguments)
  }

  private func depthwise(
    _ block: ConvolutionGrid.Block, _ x: UnsafePointer<UInt16>, _ weights: PackedBFloat16Convolution,
    _ y: UnsafeMutablePointer<UInt16>, _ operands: EpilogueOperands
  ) {
    let row = block.image * shape.outputPixels
    let width = shape.output.last!
    var arguments = DepthwiseBF16(
      window: shape.window, x: x, x_stride: shape.inputStride, row_begin: block.pixels.lowerBound / width,
      row_end: block.pixels.upperBound / width, channels: shape.outputChannels, weights: weights.depthwise,
      weight_stride: shape.outputChannels, y: y + row * shape.outputStride, y_stride: shape.outputStride,
      epilogue: operands.epilogue(epilogue, row: row, column: 0, stride: shape.outputStride))
    instructionSet.table.pointee.depthwise_bf16(&arguments)
  }
}

extension ConvolutionShape {
  /// The most images that divide the batch and have no more than so many output positions.
  fileprivate func imagesTogether(within pixels: Int) -> Int {
    let most = min(batch, pixels / max(outputPixels, 1))
    return most < 2 ? 1 : (2...most).last { batch % $0 == 0 } ?? 1
  }

  /// The same products with `images` images in one row of positions. Offsets tell where taps are: stride and dilation say only
  /// that they are needed.
  fileprivate func merging(_ images: Int) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch / images, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups,
      input: [images * inputPixels], kernel: [taps], strides: [2], dilations: [2], output: [images * outputPixels],
      inputStride: inputStride, outputStride: outputStride)
  }
}
