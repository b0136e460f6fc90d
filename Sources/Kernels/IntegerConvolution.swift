internal import CKernels

/// u8 or s8 convolution weights in the layout `IntegerConvolution` reads, made once from ONNX order.
public final class PackedIntegerConvolution: Sendable {
  let instructionSet: InstructionSet
  let groups: [IntegerPanels]
  private let depthwiseWeights: [Int16]
  private let depthwiseBlocks: [Int8]

  /// Packs weights [outputChannels, inputChannels / groups, kernel…]. `zeros` are their zero points, one per output
  /// channel or one for all; nil means 0.
  public init(
    _ weights: UnsafeRawPointer, shape: ConvolutionShape, type: ByteType = .int8, zeros: [Int32]? = nil,
    instructionSet: InstructionSet = .current
  ) {
    self.instructionSet = instructionSet
    let taps = shape.taps, channels = shape.inputChannelsPerGroup, columns = shape.outputChannelsPerGroup
    func zero(_ channel: Int) -> Int32 { zeros.map { $0[$0.count == 1 ? 0 : channel] } ?? 0 }
    guard !shape.isDepthwise else {
      groups = []
      depthwiseWeights = (0..<taps * shape.outputChannels).map { i in
        let (tap, channel) = i.quotientAndRemainder(dividingBy: shape.outputChannels)
        let byte = weights.load(fromByteOffset: channel * taps + tap, as: UInt8.self)
        return (type.isSigned ? Int16(Int8(bitPattern: byte)) : Int16(byte)) - Int16(zero(channel))
      }
      depthwiseBlocks = Self.blocks(depthwiseWeights, shape)
      return
    }
    (depthwiseWeights, depthwiseBlocks) = ([], [])
    guard !InputStrip.suits(shape) else {
      groups = [Self.stripPanels(weights, shape, type, zeros, instructionSet)]
      return
    }
    groups = (0..<shape.groups).map { group in
      IntegerPanels(
        weights + group * columns * channels * taps, taps: taps, depth: channels, n: columns, type: type,
        zeros: zeros.map { $0.count == 1 ? $0 : Array($0[group * columns..<(group + 1) * columns]) }, tapStride: 1,
        rowStride: taps, columnStride: channels * taps, instructionSet: instructionSet)
    }
  }

  /// Depthwise 3×3 and 5×5 weights in interleaved blocks of 64 channels, see `DepthwiseI8.weights4`; empty when they do
  /// not fit.
  private static func blocks(_ weights: [Int16], _ shape: ConvolutionShape) -> [Int8] {
    let fits = weights.allSatisfy { Int16(Int8.min)...Int16(Int8.max) ~= $0 }
    guard shape.kernel == [3, 3] || shape.kernel == [5, 5], fits else { return [] }
    let (channels, size) = (shape.outputChannels, shape.kernel[0])
    let groups = dividedUp(size, by: 4)
    var blocks = [Int8](repeating: 0, count: dividedUp(channels, by: 64) * size * groups * 256)
    for channel in 0..<channels {
      let (block, i) = channel.quotientAndRemainder(dividingBy: 64)
      let lane = i % 16 / 4 * 16 + i / 16 * 4 + i % 4
      for tap in 0..<size * size {
        let (row, column) = tap.quotientAndRemainder(dividingBy: size)
        let vector = ((block * size + column) * groups + row / 4) * 256
        blocks[vector + lane * 4 + row % 4] = Int8(weights[tap * channels + channel])
      }
    }
    return blocks
  }

  /// Panels whose taps are whole kernel rows: [kernel row][kernel column · channel].
  private static func stripPanels(
    _ weights: UnsafeRawPointer, _ shape: ConvolutionShape, _ type: ByteType, _ zeros: [Int32]?,
    _ instructionSet: InstructionSet
  ) -> IntegerPanels {
    let (taps, channels, columns) = (shape.taps, shape.inputChannels, shape.outputChannels)
    let width = shape.kernel.last!
    var rows = [UInt8](repeating: 0, count: columns * taps * channels)
    for index in rows.indices {
      let (output, rest) = index.quotientAndRemainder(dividingBy: taps * channels)
      let (tap, channel) = rest.quotientAndRemainder(dividingBy: channels)
      rows[index] = weights.load(fromByteOffset: (output * channels + channel) * taps + tap, as: UInt8.self)
    }
    return IntegerPanels(
      rows, taps: taps / width, depth: width * channels, n: columns, type: type, zeros: zeros,
      tapStride: width * channels, rowStride: 1, columnStride: taps * channels, instructionSet: instructionSet)
  }

  public var byteCount: Int { groups.reduce(depthwiseWeights.count * 2) { $0 + $1.byteCount } }

  /// Depthwise weights [taps][channels], less their zero points.
  func withDepthwise<Result>(_ body: (UnsafePointer<Int16>, _ blocks: UnsafePointer<Int8>?) -> Result) -> Result {
    depthwiseWeights.withUnsafeBufferPointer { weights in
      depthwiseBlocks.withUnsafeBufferPointer { body(weights.baseAddress!, $0.isEmpty ? nil : $0.baseAddress) }
    }
  }
}

/// A plan for a convolution of 8-bit channels-last data, exact in int32 on every instruction set.
public struct IntegerConvolution: Sendable {
  public let shape: ConvolutionShape
  public let xType: ByteType
  public let epilogue: IntegerEpilogue
  public let instructionSet: InstructionSet
  private let grid: ConvolutionGrid
  private let offsets: TapOffsets?
  private let strip: InputStrip?

  public init(
    _ shape: ConvolutionShape, xType: ByteType = .uint8, epilogue: IntegerEpilogue,
    instructionSet: InstructionSet = .current
  ) {
    (self.shape, self.xType, self.epilogue, self.instructionSet) = (shape, xType, epilogue, instructionSet)
    grid = ConvolutionGrid(
      shape, instructionSet: instructionSet, elementsPerStep: 4,
      tileRows: instructionSet.table.pointee.integer_rows, stripChannels: 4)
    strip = grid.strip()
    offsets = shape.isPointwise || shape.isDepthwise || strip != nil ? nil : TapOffsets(shape)
  }

  public var taskCount: Int { grid.taskCount }
  public var scratchByteCount: Int { roundedUp(strip?.elementCount ?? shape.inputChannelsPerGroup, to: 64) }

  /// Runs `tasks`: x [batch, input…, inputChannels] with zero point `xZero`, which padding holds too, to
  /// y [batch, output…, outputChannels] of the epilogue's result type.
  public func run(
    tasks: Range<Int>, x: UnsafeRawPointer, xZero: Int32 = 0, weights: PackedIntegerConvolution,
    y: UnsafeMutableRawPointer, operands: IntegerEpilogueOperands = IntegerEpilogueOperands(),
    scratch: UnsafeMutableRawPointer
  ) {
    precondition(weights.instructionSet == instructionSet, "weights are packed for another instruction set")
    prepare(scratch, xZero)
    for task in tasks { compute(grid.block(task), x, xZero, weights, y, operands, scratch) }
  }

  /// Whether any rows of the result can be computed alone.
  public var computesRows: Bool { shape.output.count == 2 }

  /// As `run(tasks:…)`, for rows of an image. Only what these rows read and write need be there.
  public func run(
    rows: Range<Int>, image: Int, x: UnsafeRawPointer, xZero: Int32 = 0, weights: PackedIntegerConvolution,
    y: UnsafeMutableRawPointer, operands: IntegerEpilogueOperands = IntegerEpilogueOperands(),
    scratch: UnsafeMutableRawPointer
  ) {
    prepare(scratch, xZero)
    grid.forEachBlock(rows: rows, image: image) {
      compute($0, x, xZero, weights, y, operands, scratch)
    }
  }

  /// Fills what stands for padding.
  private func prepare(_ scratch: UnsafeMutableRawPointer, _ xZero: Int32) {
    guard strip == nil else { return }
    scratch.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: xZero), count: scratchByteCount)
  }

  private func compute(
    _ block: ConvolutionGrid.Block, _ x: UnsafeRawPointer, _ xZero: Int32, _ weights: PackedIntegerConvolution,
    _ y: UnsafeMutableRawPointer, _ operands: IntegerEpilogueOperands, _ scratch: UnsafeMutableRawPointer
  ) {
    let x = x + block.image * shape.inputPixels * shape.inputStride
    let row = block.image * shape.outputPixels + block.pixels.lowerBound
    guard !shape.isDepthwise else { return depthwise(block, x, xZero, weights, y, operands) }
    let width = shape.output.last!
    strip?.fill(
      scratch.assumingMemoryBound(to: UInt8.self), from: x.assumingMemoryBound(to: UInt8.self),
      outputRow: block.pixels.lowerBound / width, count: block.pixels.count / width,
      padding: UInt8(truncatingIfNeeded: xZero))
    for panel in block.panels { product(block, panel, x, xZero, weights, y, operands, row: row, padding: scratch) }
  }

  private func product(
    _ block: ConvolutionGrid.Block, _ panel: Int, _ x: UnsafeRawPointer, _ xZero: Int32,
    _ weights: PackedIntegerConvolution, _ y: UnsafeMutableRawPointer, _ operands: IntegerEpilogueOperands, row: Int,
    padding: UnsafeMutableRawPointer
  ) {
    let column = panel * grid.panels.width
    let channel = block.group * grid.panels.n + column
    let source =
      strip.map { $0.rows(padding) }
      ?? grid.rows(block, x + block.group * shape.inputChannelsPerGroup, offsets, zeros: padding, elementByteCount: 1)
    var arguments = weights.groups[block.group].product(
      source,
      type: xType, zero: xZero, column: column, columns: grid.panels.columns(panel), rows: block.pixels.count,
      c: y + (row * shape.outputStride + channel) * epilogue.resultByteCount, cStride: shape.outputStride,
      result: epilogue.resultCode,
      epilogue: operands.epilogue(epilogue, row: row, column: channel, stride: shape.outputStride), share: block.share)
    // A strip may be read past a kernel row, where the packed weights are 0.
    if strip != nil, arguments.b_zeros == nil { arguments.a.depth = roundedUp(source.depth, to: 4) }
    instructionSet.table.pointee.gemm_i8(&arguments)
  }

  private func depthwise(
    _ block: ConvolutionGrid.Block, _ x: UnsafeRawPointer, _ xZero: Int32, _ weights: PackedIntegerConvolution,
    _ y: UnsafeMutableRawPointer, _ operands: IntegerEpilogueOperands
  ) {
    let row = block.image * shape.outputPixels, width = shape.output.last!
    weights.withDepthwise { weights, blocks in
      var arguments = DepthwiseI8(
        window: shape.window, x: x, x_stride: shape.inputStride, row_begin: block.pixels.lowerBound / width,
        row_end: block.pixels.upperBound / width, channels: shape.outputChannels, weights: weights,
        weight_stride: shape.outputChannels, weights4: blocks,
        y: y + row * shape.outputStride * epilogue.resultByteCount,
        y_stride: shape.outputStride, x_signed: xType.isSigned ? 1 : 0, x_zero: xZero, result: epilogue.resultCode,
        epilogue: operands.epilogue(epilogue, row: row, column: 0, stride: shape.outputStride))
      instructionSet.table.pointee.depthwise_i8(&arguments)
    }
  }
}

extension InputStrip {
  /// The rows of A in a filled strip.
  func rows(_ strip: UnsafeMutableRawPointer) -> RowSource {
    RowSource(
      base: strip, stride: 0, offsets: offsets, offset_stride: taps, padding: nil, taps: taps, depth: depth)
  }
}
