internal import CKernels

/// Divides a convolution into tasks: images, groups, panels of output channels and blocks of output positions.
struct ConvolutionGrid: Sendable {
  struct Block {
    var image: Int
    var group: Int
    var panels: Range<Int>
    var pixels: Range<Int>
    /// Where among all that is done with a panel this block begins and ends.
    var share: ClosedRange<Double> = 0...0
  }

  /// Rows of outputs that depthwise kernels compute together.
  private static let depthwiseRows = 4

  let shape: ConvolutionShape
  let panels: Panels
  private let isDepthwise: Bool
  private let usesStrip: Bool
  /// A pointwise convolution over dense images treats the batch as one image.
  private let images: Int
  private let pixels: Int
  let pixelsPerBlock: Int
  private let pixelBlocks: Int
  private let panelsPerBlock: Int
  private let panelBlocks: Int
  /// The panels of one block of positions are consecutive tasks: for results so wide that writing whole rows of them at
  /// once is worth reading all weights again from the second-level cache.
  private let panelsFirst: Bool
  /// Positions that products of some rows take at a time: more of narrow types, whose inputs are as small and soon done.
  private let positionsTogether: Int

  /// `elementsPerStep` is how many inputs one multiply-accumulate lane takes, `tileRows` how many positions are computed
  /// together. Depthwise kernels are used where suitable, strips of copied input for at most `stripChannels` channels. A
  /// position costs as much as `columns` columns of a product, those of a panel by default.
  init(
    _ shape: ConvolutionShape, instructionSet: InstructionSet, elementsPerStep: Int, tileRows: Int = 12,
    stripChannels: Int = 0, columns: Int? = nil
  ) {
    self.shape = shape
    // As many as are worth a call where each takes few steps.
    let steps = shape.inputChannelsPerGroup * shape.taps
    positionsTogether = elementsPerStep == 1 ? max(48, min(192, 3072 / max(steps, 1) / 48 * 48)) : 192
    isDepthwise = shape.isDepthwise
    usesStrip = InputStrip.suits(shape, channels: stripChannels)
    panels = Panels(n: shape.outputChannelsPerGroup, instructionSet: instructionSet)
    let mergesImages = shape.isPointwise && !isDepthwise
    images = mergesImages ? 1 : shape.batch
    pixels = mergesImages ? shape.batch * shape.outputPixels : shape.outputPixels
    let depth = dividedUp(shape.inputChannelsPerGroup * shape.taps, by: elementsPerStep)
    // A depthwise tap moves a vector in and out where a product would multiply it many times.
    let workPerPixel = isDepthwise ? shape.outputChannels * (shape.taps + 8) : max(depth, 1) * (columns ?? panels.width)
    // Whole rows of the output, or whole tiles of a product.
    let isRectangular = shape.output.count == 2 && shape.output[0] > Self.depthwiseRows
    let rowsTogether = isDepthwise && isRectangular ? Self.depthwiseRows : 1
    let unit = isDepthwise || usesStrip ? shape.output.last! * rowsTogether : tileRows
    // Each block reads the weights again: few positions are divided into few blocks, of equal size.
    let isTiled = !isDepthwise && !usesStrip
    let isPlain = elementsPerStep == 1 && isTiled
    let isShort = isTiled && pixels < 192 && (isPlain || elementsPerStep == 4 && tileRows < 16)
    // Of an odd number of panels one thread would take more than another: threads share the positions instead.
    let isOdd = isShort && shape.batch == 1 && pixels >= 40 && [3, 5, 7].contains(panels.count)
    let most = isShort ? max(pixels / 48, isOdd ? 2 : 1) : dividedUp(pixels, by: max(unit, 1))
    let blocks = max(1, min(most, pixels * workPerPixel / (isDepthwise ? 128 * 1024 : 512 * 1024)))
    panelsFirst =
      mergesImages && shape.groups == 1 && elementsPerStep == 1 && panels.count > 1
      && (isOdd || pixels >= 96 && panels.paddedColumns * depth <= 256 * 1024)
    var rows = isShort ? dividedUp(pixels, by: blocks) : roundedUp(dividedUp(pixels, by: blocks), to: max(unit, 1))
    if panelsFirst { rows = min(rows, 48) }
    // An even number of equal blocks keeps an even number of threads busy.
    let count = dividedUp(pixels, by: max(rows, 1))
    if isPlain, shape.batch == 1, (2...24).contains(count) { rows = dividedUp(pixels, by: roundedUp(count, to: 2)) }
    pixelsPerBlock = max(1, rows)
    pixelBlocks = dividedUp(pixels, by: pixelsPerBlock)
    let blockWork = max(1, pixelsPerBlock * workPerPixel)
    panelsPerBlock = isDepthwise ? 1 : max(1, min(panels.count, dividedUp(256 * 1024, by: blockWork)))
    panelBlocks = isDepthwise ? 1 : dividedUp(panels.count, by: panelsPerBlock)
  }

  private var groups: Int { isDepthwise ? 1 : shape.groups }
  var taskCount: Int { pixels == 0 ? 0 : images * groups * panelBlocks * pixelBlocks }

  /// Tasks come in this many equal runs, each of its own images.
  func divides(into slices: Int) -> Bool {
    guard slices > 0, taskCount > 0, shape.batch % slices == 0 else { return false }
    guard images == 1, shape.batch > 1 else { return true }
    return (panelsFirst || panelBlocks == 1) && pixels / slices % pixelsPerBlock == 0
  }

  func block(_ task: Int) -> Block {
    let (outer, inner) = task.quotientAndRemainder(dividingBy: panelsFirst ? panelBlocks : pixelBlocks)
    let (outer2, inner2) = outer.quotientAndRemainder(dividingBy: panelsFirst ? pixelBlocks : panelBlocks)
    let (pixelBlock, panelBlock) = panelsFirst ? (inner2, inner) : (inner, inner2)
    let (image, group) = outer2.quotientAndRemainder(dividingBy: groups)
    let part = pixelBlock * pixelsPerBlock..<min(pixels, (pixelBlock + 1) * pixelsPerBlock)
    // Weights that are read again for every block stay in the cache after the first.
    let isFirst = panelsFirst && pixelBlock == 0
    return Block(
      image: image, group: group,
      panels: panelBlock * panelsPerBlock..<min(panels.count, (panelBlock + 1) * panelsPerBlock), pixels: part,
      share: panelsFirst
        ? 0...(isFirst ? 1 : 0)
        : Double(part.lowerBound) / Double(pixels)...Double(part.upperBound) / Double(pixels))
  }

  /// Visits the blocks of some rows of an image: few positions at a time, for all output channels of a group.
  func forEachBlock(rows: Range<Int>, image: Int, _ body: (Block) -> Void) {
    let width = shape.output.last!
    // Images that are merged count as one.
    let (image, first) = images < shape.batch ? (0, image * shape.outputPixels) : (image, 0)
    let pixels = first + rows.lowerBound * width..<first + rows.upperBound * width
    guard !isDepthwise else {
      return body(Block(image: image, group: 0, panels: 0..<panels.count, pixels: pixels))
    }
    let most = usesStrip ? pixelsPerBlock : positionsTogether
    for group in 0..<groups {
      for begin in stride(from: pixels.lowerBound, to: pixels.upperBound, by: max(1, most)) {
        let block = begin..<min(pixels.upperBound, begin + most)
        body(Block(image: image, group: group, panels: 0..<panels.count, pixels: block))
      }
    }
  }

  /// The input rows a convolution of few channels copies per block; nil for others.
  func strip(planes: Bool = false, instructionSet: InstructionSet = .current) -> InputStrip? {
    guard usesStrip, pixels > 0 else { return nil }
    return InputStrip(
      shape, rowsPerBlock: pixelsPerBlock / shape.output.last!, planes: planes, instructionSet: instructionSet)
  }

  /// The rows of input that the positions of `block` read; `x` is the image's first element of the group.
  func rows(
    _ block: Block, _ x: UnsafeRawPointer, _ offsets: TapOffsets?, zeros: UnsafeMutableRawPointer,
    elementByteCount: Int
  ) -> RowSource {
    let depth = shape.inputChannelsPerGroup
    guard let offsets else {
      return RowSource(
        rows: x + block.pixels.lowerBound * shape.inputStride * elementByteCount, stride: shape.inputStride,
        depth: depth)
    }
    return RowSource(
      base: x, stride: 0, offsets: offsets.row(block.pixels.lowerBound, shape.taps), offset_stride: shape.taps,
      padding: zeros, taps: shape.taps, depth: depth)
  }
}
