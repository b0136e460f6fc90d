internal import CKernels

/// Input rows with their padding, copied for a block of output rows, so that the window of a pixel is one contiguous
/// piece per kernel row. Pays where there are so few input channels that a tap is shorter than a vector.
final class InputStrip: @unchecked Sendable {
  private let shape: ConvolutionShape
  private let window: (height: Int, width: Int, strideY: Int, dilationY: Int, padTop: Int, padLeft: Int)
  let rowsPerBlock: Int
  /// Elements of a row of the strip.
  private let rowElements: Int
  private let stripRows: Int
  /// Offset of each kernel row of each output pixel of a block.
  let offsets: UnsafeMutablePointer<Int32>
  let taps: Int
  /// Elements per kernel row.
  let depth: Int
  /// Images come channels first.
  private let readsPlanes: Bool
  private let instructionSet: InstructionSet

  /// Whether `shape`, of at most so many channels, profits from a strip.
  static func suits(_ shape: ConvolutionShape, channels: Int = 4) -> Bool {
    shape.groups == 1 && shape.inputChannels <= channels && shape.input.count <= 2 && shape.kernel.last! > 1
      && shape.dilations.last! == 1
  }

  init(
    _ shape: ConvolutionShape, rowsPerBlock: Int, planes: Bool = false, instructionSet: InstructionSet = .current
  ) {
    func first(_ values: [Int], _ fill: Int) -> Int { values.count == 1 ? fill : values[0] }
    (self.shape, self.rowsPerBlock, readsPlanes, self.instructionSet) = (shape, rowsPerBlock, planes, instructionSet)
    window = (
      first(shape.input, 1), shape.input.last!, first(shape.strides, 1), first(shape.dilations, 1),
      first(shape.padsBegin, 0), shape.padsBegin.last!
    )
    let (channels, outputWidth) = (shape.inputChannels, shape.output.last!)
    taps = first(shape.kernel, 1)
    depth = shape.kernel.last! * channels
    rowElements = ((outputWidth - 1) * shape.strides.last! + shape.kernel.last!) * channels
    stripRows = (rowsPerBlock - 1) * window.strideY + (taps - 1) * window.dilationY + 1
    offsets = .allocate(capacity: rowsPerBlock * outputWidth * taps)
    for pixel in 0..<rowsPerBlock * outputWidth {
      let (row, column) = pixel.quotientAndRemainder(dividingBy: outputWidth)
      for tap in 0..<taps {
        let stripRow = row * window.strideY + tap * window.dilationY
        offsets[pixel * taps + tap] = Int32(stripRow * rowElements + column * shape.strides.last! * channels)
      }
    }
  }

  deinit { offsets.deallocate() }

  struct Windows {
    /// Those of one output row.
    var windows: CKernels.Windows
    /// Elements of the strip from one output row to the next.
    var row: Int
  }

  /// How the windows lie in the strip, where there are kernels for their size.
  var windows: Windows? {
    guard windows_suit(taps, depth) != 0 else { return nil }
    return Windows(
      windows: CKernels.Windows(
        step: shape.strides.last! * shape.inputChannels, line: window.dilationY * rowElements, lines: taps, span: depth),
      row: window.strideY * rowElements)
  }

  /// Elements of the strip, with room for products that read whole groups of 4.
  var elementCount: Int { stripRows * rowElements + 64 }

  /// Copies the input rows that `count` output rows from `outputRow` on read, those of a block by default; elements are
  /// bytes or floats.
  func fill<Element>(
    _ strip: UnsafeMutablePointer<Element>, from image: UnsafePointer<Element>, outputRow: Int, count: Int? = nil,
    padding: Element
  ) {
    let stripRows = stripRows - (rowsPerBlock - (count ?? rowsPerBlock)) * window.strideY
    let channels = shape.inputChannels
    let rowPixels = rowElements / channels
    let inside =
      min(
        max(window.padLeft, 0), rowPixels)..<max(
        min(window.padLeft, rowPixels), min(rowPixels, window.width + window.padLeft))
    for row in 0..<stripRows {
      let target = strip + row * rowElements
      let y = outputRow * window.strideY - window.padTop + row
      guard y >= 0, y < window.height else {
        target.update(repeating: padding, count: rowElements)
        continue
      }
      target.update(repeating: padding, count: inside.lowerBound * channels)
      (target + inside.upperBound * channels).update(
        repeating: padding, count: rowElements - inside.upperBound * channels)
      let position = y * window.width + inside.lowerBound - window.padLeft
      guard !readsPlanes else {
        transpose(image + position, target + inside.lowerBound * channels, positions: inside.count)
        continue
      }
      let source = image + position * shape.inputStride
      if shape.inputStride == channels {
        (target + inside.lowerBound * channels).update(from: source, count: inside.count * channels)
      } else {
        for (i, pixel) in inside.enumerated() {
          (target + pixel * channels).update(from: source + i * shape.inputStride, count: channels)
        }
      }
    }
    (strip + stripRows * rowElements).update(repeating: padding, count: 64)
  }

  /// Neighbouring positions of all planes, side by side.
  private func transpose<Element>(
    _ source: UnsafePointer<Element>, _ target: UnsafeMutablePointer<Element>, positions: Int
  ) {
    let (size, channels) = (MemoryLayout<Element>.stride, shape.inputChannels)
    let table = instructionSet.table
    let transpose =
      switch size {
      case 4: table.pointee.transpose_4
      case 2: table.pointee.transpose_2
      default: table.pointee.transpose_1
      }
    transpose(source, shape.inputPixels * size, target, channels * size, channels, positions)
  }
}
