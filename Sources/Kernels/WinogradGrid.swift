internal import CKernels

/// Divides the tiles of a convolution by minimal filtering into blocks whose transforms stay in the second-level cache.
struct WinogradGrid: Sendable {
  let tile: Int
  let panels: Panels
  /// Tiles of the whole batch.
  let tileCount: Int
  let tilesPerBlock: Int
  /// The weights do not stay in the cache: every block reads them anew.
  let isStreaming: Bool
  /// Input channels rounded up to whole vectors.
  let channels: Int
  private let shape: ConvolutionShape

  /// Whether `shape` is a dense 3 × 3 window.
  static func suits(_ shape: ConvolutionShape) -> Bool {
    shape.groups == 1 && shape.kernel == [3, 3] && shape.strides == [1, 1] && shape.dilations == [1, 1]
  }

  init(_ shape: ConvolutionShape, tile: Int, instructionSet: InstructionSet) {
    precondition(Self.suits(shape) && (tile == 2 || tile == 4), "minimal filtering takes dense windows of 3 × 3")
    (self.shape, self.tile) = (shape, tile)
    panels = Panels(n: shape.outputChannels, instructionSet: instructionSet)
    channels = roundedUp(shape.inputChannels, to: instructionSet.lanes)
    tileCount = shape.batch * dividedUp(shape.output[0], by: tile) * dividedUp(shape.output[1], by: tile)
    let weights = (tile + 2) * (tile + 2) * shape.inputChannels * panels.paddedColumns * 4
    isStreaming = weights > 1 << 20
    let blocks = max(1, dividedUp(tileCount, by: isStreaming ? 60 : 30))
    tilesPerBlock = max(1, min(tileCount, roundedUp(dividedUp(tileCount, by: blocks), to: 6)))
  }

  var points: Int { (tile + 2) * (tile + 2) }
  var blockCount: Int { dividedUp(tileCount, by: tilesPerBlock) }
  var taskCount: Int { blockCount * panels.count }

  /// Elements from one point to the next, of transformed inputs and of sums: never a multiple of a page.
  var inputPointStride: Int { tilesPerBlock * channels + 16 }
  var sumPointStride: Int { tilesPerBlock * panels.width + 16 }
  var inputByteCount: Int { roundedUp(points * inputPointStride * 4, to: 64) }
  var scratchByteCount: Int { inputByteCount + points * sumPointStride * 4 }

  func tiles(_ block: Int) -> WinogradTiles {
    WinogradTiles(
      height: shape.input[0], width: shape.input[1], output_height: shape.output[0], output_width: shape.output[1],
      pad_top: shape.padsBegin[0], pad_left: shape.padsBegin[1], size: tile, begin: block * tilesPerBlock,
      count: min(tilesPerBlock, tileCount - block * tilesPerBlock))
  }
}
