/// Positions of a convolution laid out so that all taps of the window read shifted pieces of one row.
///
/// Output positions and, for each remainder of input coordinates divided by the strides (a phase), the input positions of
/// that remainder lie on grids of the same size, padding included. What a shift reads behind the end of a grid's row is
/// the beginning of the next, so grids need no more room than that padding meets padding. Images follow each other in blocks.
struct PositionGrid: Sendable {
  struct Tap: Sendable {
    var phase: Int
    var shift: Int
  }

  /// Positions of a whole block, and how far shifts reach behind it.
  let length: Int
  let reach: Int
  let blockCount: Int
  /// Elements between blocks.
  let xStep: Int
  let dyStep: Int
  /// Per position of a block the element where its channels begin, or −1 outside the image.
  let dyOffsets: [Int32]
  let xOffsets: [[Int32]]
  let taps: [Tap]
  private let lastLength: Int
  var phaseCount: Int { xOffsets.count }

  /// Positions that are summed up before the next are read.
  private static let positionsPerBlock = 1024
  private static let longestPiece = 1536

  /// Elements of a block are counted with 32 bits.
  static func suits(_ shape: ConvolutionShape) -> Bool {
    let images = shape.batch * max(shape.inputPixels * shape.inputStride, shape.outputPixels * shape.outputStride)
    return images <= Int(Int32.max)
  }

  init(_ shape: ConvolutionShape) {
    self = shape.isPointwise ? PositionGrid(pointwise: shape) : PositionGrid(windows: shape)
  }

  private init(windows shape: ConvolutionShape) {
    func two(_ values: [Int], _ fill: Int) -> [Int] { values.count == 1 ? [fill] + values : values }
    let (input, output, kernel) = (two(shape.input, 1), two(shape.output, 1), two(shape.kernel, 1))
    let (strides, dilations, pads) = (two(shape.strides, 1), two(shape.dilations, 1), two(shape.padsBegin, 0))
    let axes = (0..<2).map {
      Axis(input[$0], output[$0], kernel: kernel[$0], stride: strides[$0], dilation: dilations[$0], pad: pads[$0])
    }
    let (rows, columns) = (axes[0], axes[1])
    let cells = rows.size * columns.size
    let images = max(1, min(shape.batch, Self.positionsPerBlock / cells))
    let (xImage, dyImage) = (shape.inputPixels * shape.inputStride, shape.outputPixels * shape.outputStride)
    func offsets(_ step: Int, _ image: Int, _ width: Int, _ y: (Int) -> Int?, _ x: (Int) -> Int?) -> [Int32] {
      (0..<images * cells).map { i in
        let (row, column) = (i % cells / columns.size, i % columns.size)
        guard let y = y(row), let x = x(column) else { return -1 }
        return Int32(i / cells * image + (y * width + x) * step)
      }
    }
    dyOffsets = offsets(
      shape.outputStride, dyImage, output[1], { $0 < output[0] ? $0 : nil }, { $0 < output[1] ? $0 : nil })
    xOffsets = rows.phases.flatMap { py in
      columns.phases.map { px in
        offsets(
          shape.inputStride, xImage, input[1], { rows.coordinate($0, py) }, { columns.coordinate($0, px) })
      }
    }
    taps = (0..<kernel[0] * kernel[1]).map { tap in
      let (y, x) = (rows.tap(tap / kernel[1]), columns.tap(tap % kernel[1]))
      return Tap(phase: y.phase * columns.phases.count + x.phase, shift: y.shift * columns.size + x.shift)
    }
    reach = taps.map(\.shift).max() ?? 0
    (length, blockCount) = (images * cells, dividedUp(shape.batch, by: images))
    (xStep, dyStep) = (images * xImage, images * dyImage)
    lastLength = (shape.batch - (blockCount - 1) * images) * cells
  }

  /// All positions of all images in one row.
  private init(pointwise shape: ConvolutionShape) {
    let total = shape.batch * shape.outputPixels
    length = min(total, Self.positionsPerBlock)
    blockCount = dividedUp(total, by: length)
    lastLength = total - (blockCount - 1) * length
    (xStep, dyStep) = (length * shape.inputStride, length * shape.outputStride)
    xOffsets = [(0..<length).map { Int32($0 * shape.inputStride) }]
    dyOffsets = (0..<length).map { Int32($0 * shape.outputStride) }
    (taps, reach) = ([Tap(phase: 0, shift: 0)], 0)
  }

  /// Positions of a block; the last one may have fewer.
  func length(of block: Int) -> Int { block == blockCount - 1 ? lastLength : length }

  /// A block's positions come in pieces that stay in the caches; they begin at multiples of 32.
  func pieceCount(of block: Int) -> Int { dividedUp(length(of: block), by: pieceLength(of: block)) }
  func piece(_ index: Int, of block: Int) -> Range<Int> {
    let step = pieceLength(of: block)
    return index * step..<min((index + 1) * step, length(of: block))
  }
  private func pieceLength(of block: Int) -> Int {
    let length = length(of: block)
    let count = length <= Self.longestPiece ? 1 : dividedUp(length, by: Self.positionsPerBlock)
    return max(32, roundedUp(dividedUp(length, by: count), to: 32))
  }
}

/// One axis of the grid.
private struct Axis {
  let size: Int
  let phases: [Int]
  private let input, stride, dilation, pad: Int

  init(_ input: Int, _ output: Int, kernel: Int, stride: Int, dilation: Int, pad: Int) {
    (self.input, self.stride, self.dilation, self.pad) = (input, stride, dilation, pad)
    phases = Set((0..<kernel).map { $0 * dilation % stride }).sorted()
    var size = output
    for phase in phases {
      let shift = (0..<kernel).filter { $0 * dilation % stride == phase }.map { $0 * dilation / stride }.max() ?? 0
      // Positions before the image, and the end of those inside it.
      let before = pad > phase ? dividedUp(pad - phase, by: stride) : 0
      let end = input - 1 + pad >= phase ? (input - 1 + pad - phase) / stride + 1 : 0
      size = max(size, min(end, output + shift), output + shift - before, dividedUp(output + shift, by: 2))
    }
    self.size = size
  }

  /// The input coordinate at index `i` of phase number `phase`'s grid.
  func coordinate(_ i: Int, _ phase: Int) -> Int? {
    let coordinate = i * stride + phase - pad
    return coordinate >= 0 && coordinate < input ? coordinate : nil
  }

  func tap(_ tap: Int) -> (phase: Int, shift: Int) {
    (phases.firstIndex(of: tap * dilation % stride)!, tap * dilation / stride)
  }
}
