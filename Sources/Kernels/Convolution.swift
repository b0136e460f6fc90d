internal import CKernels

/// A plan for an fp32 convolution over channels-last data with packed weights.
///
/// Work comes in `taskCount` tasks; any ranges of them may run on different threads at once, each with scratch of its own.
public struct Convolution: Sendable {
  public let shape: ConvolutionShape
  public let epilogue: Epilogue
  public let method: ConvolutionMethod
  public let instructionSet: InstructionSet
  let grid: ConvolutionGrid
  private let winogradGrid: WinogradGrid?
  private let offsets: TapOffsets?
  private let strip: InputStrip?

  /// `method` is the best one unless given. With `planes`, which `ConvolutionShape.readsPlanes` must allow, images come
  /// channels first.
  public init(
    _ shape: ConvolutionShape, epilogue: Epilogue = Epilogue(), method: ConvolutionMethod? = nil, planes: Bool = false,
    instructionSet: InstructionSet = .current
  ) {
    precondition(!planes || shape.readsPlanes, "images of so many channels are read channels last only")
    (self.shape, self.epilogue, self.instructionSet) = (shape, epilogue, instructionSet)
    self.method = planes ? .direct : method ?? .best(for: shape, instructionSet: instructionSet)
    let isNarrow = shape.isNarrow(instructionSet)
    grid = ConvolutionGrid(
      shape, instructionSet: instructionSet, elementsPerStep: 1, stripChannels: isNarrow ? 64 : 8,
      columns: isNarrow ? shape.outputChannels * 4 : nil)
    if case .winograd(let tile) = self.method {
      winogradGrid = WinogradGrid(shape, tile: tile, instructionSet: instructionSet)
      (strip, offsets) = (nil, nil)
    } else {
      winogradGrid = nil
      strip = grid.strip(planes: planes, instructionSet: instructionSet)
      offsets = shape.isPointwise || shape.isDepthwise || strip != nil ? nil : TapOffsets(shape)
    }
  }

  public var taskCount: Int { winogradGrid?.taskCount ?? grid.taskCount }
  public var scratchByteCount: Int {
    winogradGrid?.scratchByteCount ?? roundedUp((strip?.elementCount ?? shape.inputChannelsPerGroup) * 4, to: 64)
  }

  /// Tasks come in this many equal runs, each of its own images.
  public func divides(into slices: Int) -> Bool { winogradGrid == nil && grid.divides(into: slices) }

  /// Runs `tasks`: x [batch, input…, inputChannels] to y [batch, output…, outputChannels].
  ///
  /// The residual has y's shape; its stride counts elements between positions.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<Float>, weights: PackedConvolution, y: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    run(tasks: tasks, x: x, view: weights.view, y: y, operands: operands, scratch: scratch)
  }

  func run(
    tasks: Range<Int>, x: UnsafePointer<Float>, view weights: ConvolutionWeights, y: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands, scratch: UnsafeMutableRawPointer
  ) {
    precondition(weights.instructionSet == instructionSet, "weights are packed for another instruction set")
    precondition(weights.method == method, "weights are packed for another method")
    if let winogradGrid {
      winograd(winogradGrid, tasks: tasks, x: x, weights: weights, y: y, operands: operands, scratch: scratch)
      return
    }
    if strip == nil { scratch.initializeMemory(as: UInt8.self, repeating: 0, count: scratchByteCount) }
    for task in tasks {
      compute(grid.block(task), x, weights, y, operands, scratch)
    }
  }

  private func compute(
    _ block: ConvolutionGrid.Block, _ x: UnsafePointer<Float>, _ weights: ConvolutionWeights,
    _ y: UnsafeMutablePointer<Float>, _ operands: EpilogueOperands, _ scratch: UnsafeMutableRawPointer
  ) {
    let x = x + block.image * shape.inputPixels * shape.inputStride
    let row = block.image * shape.outputPixels + block.pixels.lowerBound
    guard !shape.isDepthwise else { return depthwise(block, x, weights, y, operands) }
    let width = shape.output.last!
    strip?.fill(
      scratch.assumingMemoryBound(to: Float.self), from: x, outputRow: block.pixels.lowerBound / width,
      count: block.pixels.count / width, padding: 0)
    for panel in block.panels { product(block, panel, x, weights, y, operands, row: row, scratch: scratch) }
  }

  /// Whether any rows of the result can be computed alone.
  public var computesRows: Bool { winogradGrid == nil && shape.output.count == 2 }

  /// As `run(tasks:…)`, for rows of an image. Only what these rows read and write need be there.
  public func run(
    rows: Range<Int>, image: Int, x: UnsafePointer<Float>, weights: PackedConvolution, y: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    run(rows: rows, image: image, x: x, view: weights.view, y: y, operands: operands, scratch: scratch)
  }

  func run(
    rows: Range<Int>, image: Int, x: UnsafePointer<Float>, view weights: ConvolutionWeights,
    y: UnsafeMutablePointer<Float>, operands: EpilogueOperands, scratch: UnsafeMutableRawPointer
  ) {
    if strip == nil { scratch.initializeMemory(as: UInt8.self, repeating: 0, count: scratchByteCount) }
    grid.forEachBlock(rows: rows, image: image) { compute($0, x, weights, y, operands, scratch) }
  }

  private func product(
    _ block: ConvolutionGrid.Block, _ index: Int, _ x: UnsafePointer<Float>, _ weights: ConvolutionWeights,
    _ y: UnsafeMutablePointer<Float>, _ operands: EpilogueOperands, row: Int, scratch: UnsafeMutableRawPointer
  ) {
    let column = index * grid.panels.width
    let channel = block.group * grid.panels.n + column
    let columns = grid.panels.columns(index)
    let width = roundedUp(columns, to: instructionSet.lanes)
    let c = y + (row * shape.outputStride + channel)
    let aliased = operands.residual.map { UnsafePointer(y) == $0 } ?? false
    let panel = weights.panel(group: block.group, column: column)
    let source =
      strip.map { $0.rows(scratch) }
      ?? grid.rows(block, x + block.group * shape.inputChannelsPerGroup, offsets, zeros: scratch, elementByteCount: 4)
    let (taps, depth) = (source.taps, source.depth)
    var arguments = GemmF32(
      a: source, b: panel, b_stride: width, c: c, c_stride: shape.outputStride, rows: block.pixels.count,
      columns: columns,
      accumulate: 0, finish: 0,
      epilogue: operands.epilogue(epilogue, row: row, column: channel, stride: shape.outputStride), next: nil,
      next_bytes: 0)
    guard !weights.isNarrow else {
      (arguments.b, arguments.b_stride, arguments.finish) = (panel, taps * depth, 1)
      return instructionSet.table.pointee.narrow_f32(&arguments)
    }
    if let windows = strip?.windows, columns <= 2 * instructionSet.lanes, instructionSet.lanes == 16 {
      return stationary(arguments, windows, scratch.assumingMemoryBound(to: Float.self))
    }
    let step = aliased || taps * depth <= TaskGrid.longestDepth ? taps : max(1, TaskGrid.splitDepth / depth)
    for tap in stride(from: 0, to: taps, by: step) {
      arguments.a.taps = min(step, taps - tap)
      arguments.a.offsets = source.offsets.map { $0 + tap }
      arguments.b = panel + tap * depth * width
      arguments.prefetch(
        arguments.a.taps * depth * width, before: weights.end, share: block.share.lowerBound,
        until: block.share.upperBound)
      arguments.accumulate = tap > 0 ? 1 : 0
      arguments.finish = tap + step >= taps ? 1 : 0
      instructionSet.table.pointee.gemm_f32(&arguments)
    }
  }

  /// Row by row of outputs, with weights that stay in registers.
  private func stationary(_ product: GemmF32, _ windows: InputStrip.Windows, _ strip: UnsafePointer<Float>) {
    let width = shape.output.last!
    var (arguments, own) = (product, windows.windows)
    (arguments.rows, arguments.finish) = (width, 1)
    for row in 0..<product.rows / width {
      let first = row * width
      arguments.a.base = UnsafeRawPointer(strip + row * windows.row)
      arguments.c = product.c + first * product.c_stride
      arguments.epilogue.residual = product.epilogue.residual.map { $0 + first * product.epilogue.residual_stride }
      arguments.epilogue.row_bias = product.epilogue.row_bias.map { $0 + first }
      instructionSet.table.pointee.stationary_f32(&arguments, &own)
    }
  }

  private func depthwise(
    _ block: ConvolutionGrid.Block, _ x: UnsafePointer<Float>, _ weights: ConvolutionWeights,
    _ y: UnsafeMutablePointer<Float>, _ operands: EpilogueOperands
  ) {
    let row = block.image * shape.outputPixels
    let width = shape.output.last!
    var arguments = DepthwiseF32(
      window: shape.window, x: x, x_stride: shape.inputStride, row_begin: block.pixels.lowerBound / width,
      row_end: block.pixels.upperBound / width, channels: shape.outputChannels, weights: weights.depthwise,
      weight_stride: shape.outputChannels, y: y + row * shape.outputStride, y_stride: shape.outputStride,
      epilogue: operands.epilogue(epilogue, row: row, column: 0, stride: shape.outputStride))
    instructionSet.table.pointee.depthwise_f32(&arguments)
  }
}

extension GemmF32 {
  /// Fetches the elements behind the `count` of B while multiplying, as far as B goes: all, or the part between two shares of
  /// 1, where other products with the same B fetch the rest.
  mutating func prefetch(
    _ count: Int, before end: UnsafePointer<Float>, share first: Double = 0, until last: Double = 1
  ) {
    let begin = min(roundedUp(Int(Double(count) * first), to: 16), count)
    let stop = min(roundedUp(Int(Double(count) * last), to: 16), count, max(0, end - (b + count)))
    next = UnsafeRawPointer(b + count + begin)
    next_bytes = max(0, stop - begin) * 4
  }
}

extension ConvolutionShape {
  /// Whether images may come channels first.
  public var readsPlanes: Bool { InputStrip.suits(self) && inputStride == inputChannels }

  /// The window of one or two spatial axes.
  var window: Window {
    func two(_ values: [Int], _ fill: Int) -> (Int, Int) {
      values.count == 1 ? (fill, values[0]) : (values[0], values[1])
    }
    let (input, kernel, strides) = (two(input, 1), two(kernel, 1), two(strides, 1))
    let (dilations, pads) = (two(dilations, 1), two(padsBegin, 0))
    return Window(
      height: input.0, width: input.1, kernel_height: kernel.0, kernel_width: kernel.1, stride_y: strides.0,
      stride_x: strides.1, dilation_y: dilations.0, dilation_x: dilations.1, pad_top: pads.0, pad_left: pads.1,
      output_width: output.last!)
  }
}

extension TapOffsets {
  func row(_ pixel: Int, _ taps: Int) -> UnsafePointer<Int32> { UnsafePointer(offsets) + pixel * taps }
}
