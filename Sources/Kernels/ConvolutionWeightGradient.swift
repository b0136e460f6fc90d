internal import CKernels

/// A plan for the gradient of an fp32 convolution with respect to its weights, over channels-last data:
/// dw [kernel…, inputChannels / groups, outputChannels] = Σ x · dy over all output positions.
///
/// Sums over positions are cut into blocks that stay in the second-level cache. Where weights are few, parts of the sum are
/// made apart and added up in a fixed order, so that results do not depend on the number of threads.
public struct ConvolutionWeightGradient: Sendable {
  /// Rows of the gradient that read the same positions: all channels of one tap, or of a row of taps.
  private struct Rows: Sendable {
    var first: Int
    var count: Int
    var taps: Int
  }
  private struct Unit: Sendable {
    var rows: Rows
    var group: Int
    var panel: Int
  }
  /// Images, and the runs of each row of taps.
  private struct Block: Sendable {
    var images: Range<Int>
    var runs: [Range<Int>]
  }

  public let shape: ConvolutionShape
  public let instructionSet: InstructionSet
  private let read: ConvolutionShape
  private let panels: Panels
  private let units: [Unit]
  private let blocks: [Block]
  private let runs: [[RowRun]]
  private let splits: Int
  /// Tasks come in as many runs as parts were given, each of its own images.
  public let isParted: Bool
  /// Elements between the lines of windows whose rows are summed together, or nil.
  private let line: Int?

  private static let positionsPerBlock = 512
  private static let rowsPerUnit = 48
  private static let leastUnits = 12

  /// Positions are summed in `parts` equal parts of the batch where they are given, and many beside the weights.
  public init(_ shape: ConvolutionShape, parts: Int = 0, instructionSet: InstructionSet = .current) {
    (self.shape, self.instructionSet) = (shape, instructionSet)
    let isPadded = Self.copiesInput(shape)
    read = isPadded ? shape.padded : shape
    panels = Panels(n: shape.outputChannelsPerGroup, instructionSet: instructionSet)
    let isPointwise = shape.isPointwise
    let positions = PositionRuns(read, joinsRow: read.readsWholeRows)
    let length = Self.positionsPerBlock
    isParted = isPointwise && Self.gainsFromParts(shape, parts)
    runs = isPointwise ? [Self.pieces(of: shape, length, parts: isParted ? parts : 1)] : positions.runs
    if isPointwise {
      blocks = runs[0].indices.map { Block(images: 0..<1, runs: [$0..<$0 + 1]) }
    } else {
      blocks = Self.blocks(positions, batch: shape.batch, pixels: shape.outputPixels, length)
    }
    var units: [Unit] = []
    let rowCount = positions.rowsPerGroup
    line = Self.line(of: runs, span: rowCount, columns: panels.n, shape, instructionSet)
    if line != nil {
      units.append(Unit(rows: Rows(first: 0, count: rowCount * runs.count, taps: 0), group: 0, panel: 0))
    }
    for group in 0..<shape.groups where line == nil {
      for panel in 0..<panels.count {
        for taps in runs.indices {
          let count = max(1, dividedUp(rowCount, by: Self.rowsPerUnit))
          for i in 0..<count {
            let (begin, end) = (rowCount * i / count, rowCount * (i + 1) / count)
            units.append(
              Unit(rows: Rows(first: begin, count: end - begin, taps: taps), group: group, panel: panel))
          }
        }
      }
    }
    self.units = units
    splits = isParted ? parts : max(1, min(blocks.count, Self.leastUnits / max(units.count, 1)))
    rowsPerGroup = rowCount
  }
  private let rowsPerGroup: Int

  /// The distance between rows of taps, where every one reads the same positions and all of them fit in the registers.
  private static func line(
    of runs: [[RowRun]], span: Int, columns: Int, _ shape: ConvolutionShape, _ set: InstructionSet
  ) -> Int? {
    guard shape.groups == 1, set.lanes == 16, columns <= set.lanes, windows_suit(runs.count, span) != 0 else {
      return nil
    }
    guard let first = runs[0].first, runs.allSatisfy({ $0.count == runs[0].count }) else { return nil }
    let line = runs[1][0].a - first.a
    for (i, own) in runs.enumerated() {
      for (a, b) in zip(runs[0], own) where b.a != a.a + Int32(i) * line || b.b != a.b || b.count != a.count {
        return nil
      }
    }
    return Int(line)
  }

  /// Few channels are copied with their padding, so that a row of taps is one piece of memory.
  private static func copiesInput(_ shape: ConvolutionShape) -> Bool {
    shape.groups == 1 && shape.inputChannels <= 16 && shape.taps > 1 && shape.dilations.allSatisfy { $0 == 1 }
      && !shape.readsWholeRows
  }

  private static func gainsFromParts(_ shape: ConvolutionShape, _ parts: Int) -> Bool {
    parts > 0 && shape.batch % parts == 0 && shape.groups == 1 && shape.outputPixels >= 128
      && shape.inputChannels * shape.outputChannels <= 8192
  }

  /// Each part in equally many pieces.
  private static func pieces(of shape: ConvolutionShape, _ length: Int, parts: Int) -> [RowRun] {
    let total = shape.batch * shape.outputPixels / parts
    return (0..<parts).flatMap { part in
      stride(from: part * total, to: (part + 1) * total, by: length).map { first in
        RowRun(
          a: Int32(first * shape.inputStride), b: Int32(first * shape.outputStride),
          count: Int32(min(length, (part + 1) * total - first)))
      }
    }
  }

  private static func blocks(_ positions: PositionRuns, batch: Int, pixels: Int, _ length: Int) -> [Block] {
    guard pixels > length else {
      let images = max(1, length / max(pixels, 1))
      return stride(from: 0, to: batch, by: images).map { first in
        Block(images: first..<min(first + images, batch), runs: positions.runs.map { 0..<$0.count })
      }
    }
    let parts = dividedUp(pixels, by: length)
    return (0..<batch).flatMap { image in
      (0..<parts).map { part in
        Block(images: image..<image + 1, runs: positions.part(part, of: parts))
      }
    }
  }

  private var floatCount: Int { shape.taps * shape.inputChannelsPerGroup * shape.outputChannels }

  /// Tasks that copy the input with its padding; 0 where it is read in place.
  public var copyTaskCount: Int { Self.copiesInput(shape) ? shape.batch : 0 }
  public var taskCount: Int { splits * units.count }
  /// Tasks that add up parts; 0 where there is one part.
  public var reductionTaskCount: Int { splits > 1 ? dividedUp(floatCount, by: 4096) : 0 }
  private var copyByteCount: Int {
    copyTaskCount > 0 ? roundedUp(shape.batch * read.inputPixels * read.inputStride * 4, to: 64) : 0
  }
  public var workspaceByteCount: Int { copyByteCount + (splits > 1 ? splits * floatCount * 4 : 0) }

  public func copy(tasks: Range<Int>, x: UnsafePointer<Float>, workspace: UnsafeMutableRawPointer) {
    let out = workspace.assumingMemoryBound(to: Float.self)
    for image in tasks where image < shape.batch {
      shape.copyPadded(
        x + image * shape.inputPixels * shape.inputStride, into: out + image * read.inputPixels * read.inputStride)
    }
  }

  public func run(
    tasks: Range<Int>, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dw: UnsafeMutablePointer<Float>,
    workspace: UnsafeMutableRawPointer?
  ) {
    let source = copyTaskCount > 0 ? UnsafePointer(workspace!.assumingMemoryBound(to: Float.self)) : x
    var first = tasks.lowerBound
    while first < tasks.upperBound {
      let split = first / units.count
      let end = min(tasks.upperBound, (split + 1) * units.count)
      let range = first - split * units.count..<end - split * units.count
      let out =
        splits > 1 ? (workspace! + copyByteCount).assumingMemoryBound(to: Float.self) + split * floatCount : dw
      let part = blocks.count * split / splits..<blocks.count * (split + 1) / splits
      for index in part {
        for unit in range { sum(units[unit], blocks[index], source, dy, out, isFirst: index == part.lowerBound) }
      }
      first = end
    }
  }

  public func reduce(tasks: Range<Int>, workspace: UnsafeMutableRawPointer, dw: UnsafeMutablePointer<Float>) {
    let parts = (workspace + copyByteCount).assumingMemoryBound(to: Float.self)
    for task in tasks {
      let first = task * 4096, count = min(4096, floatCount - first)
      guard count > 0 else { continue }
      (dw + first).update(from: parts + first, count: count)
      instructionSet.reduceColumns(
        parts + floatCount + first, stride: floatCount, rows: splits - 1, count: count, .sum, into: dw + first)
    }
  }

  private func sum(
    _ unit: Unit, _ block: Block, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ dw: UnsafeMutablePointer<Float>, isFirst: Bool
  ) {
    let column = unit.panel * panels.width
    let channel = unit.group * panels.n + column
    let row = unit.rows.taps * rowsPerGroup + unit.rows.first
    let (aImage, bImage) = (read.inputPixels * read.inputStride, shape.outputPixels * shape.outputStride)
    let range = block.runs[unit.rows.taps]
    runs[unit.rows.taps].withUnsafeBufferPointer { runs in
      var arguments = CrossF32(
        a: x + (block.images.lowerBound * aImage + unit.group * read.inputChannelsPerGroup + unit.rows.first),
        b: dy + (block.images.lowerBound * bImage + channel), a_stride: read.strides.last! * read.inputStride,
        b_stride: shape.outputStride, a_image: aImage, b_image: bImage, images: block.images.count,
        runs: runs.baseAddress! + range.lowerBound, run_count: range.count,
        c: dw + (row * shape.outputChannels + channel), c_stride: shape.outputChannels, rows: unit.rows.count,
        columns: panels.columns(unit.panel), lines: line == nil ? 1 : self.runs.count, span: rowsPerGroup,
        line: line ?? 0, accumulate: isFirst ? 0 : 1)
      instructionSet.table.pointee.cross_f32(&arguments)
    }
  }
}

/// For every tap, or row of taps, the positions that read inside the image, row by row.
private struct PositionRuns {
  var runs: [[RowRun]] = []
  /// The output row of each run.
  private var rows: [[Int]] = []
  private let rowCount: Int
  let rowsPerGroup: Int

  init(_ shape: ConvolutionShape, joinsRow: Bool) {
    let lead = 3 - shape.input.count
    func three(_ values: [Int], _ fill: Int) -> [Int] { [Int](repeating: fill, count: lead) + values }
    let (input, output, kernel) = (three(shape.input, 1), three(shape.output, 1), three(shape.kernel, 1))
    let (strides, dilations, pads) = (three(shape.strides, 1), three(shape.dilations, 1), three(shape.padsBegin, 0))
    precondition(shape.inputPixels * shape.inputStride <= Int(Int32.max), "an image has too many elements")
    rowsPerGroup = shape.inputChannelsPerGroup * (joinsRow ? kernel[2] : 1)
    rowCount = output[0] * output[1]
    for tap in 0..<kernel[0] * kernel[1] * (joinsRow ? 1 : kernel[2]) {
      let kx = joinsRow ? 0 : tap % kernel[2]
      let (kz, ky) = (joinsRow ? tap : tap / kernel[2]).quotientAndRemainder(dividingBy: kernel[1])
      let left = kx * dilations[2] - pads[2]
      let begin = left < 0 ? dividedUp(-left, by: strides[2]) : 0
      let last = input[2] - 1 - left
      let end = joinsRow ? output[2] : last < 0 ? 0 : min(output[2], last / strides[2] + 1)
      var found: [RowRun] = [], at: [Int] = []
      for oz in 0..<output[0] {
        let iz = oz * strides[0] - pads[0] + kz * dilations[0]
        for oy in 0..<output[1] where iz >= 0 && iz < input[0] && begin < end {
          let iy = oy * strides[1] - pads[1] + ky * dilations[1]
          guard iy >= 0, iy < input[1] else { continue }
          let pixel = (iz * input[1] + iy) * input[2] + begin * strides[2] + left
          let position = (oz * output[1] + oy) * output[2] + begin
          found.append(
            RowRun(
              a: Int32(pixel * shape.inputStride), b: Int32(position * shape.outputStride), count: Int32(end - begin)))
          at.append(oz * output[1] + oy)
        }
      }
      runs.append(found)
      rows.append(at)
    }
  }

  /// The runs of the output rows of one of `parts` equal parts.
  func part(_ index: Int, of parts: Int) -> [Range<Int>] {
    let (first, end) = (rowCount * index / parts, rowCount * (index + 1) / parts)
    return rows.map { rows in
      let begin = rows.firstIndex { $0 >= first } ?? rows.count
      return begin..<max(begin, rows.firstIndex { $0 >= end } ?? rows.count)
    }
  }
}

extension ConvolutionShape {
  /// The windows of every output row lie inside the image from side to side, and a row of taps is one piece of memory.
  fileprivate var readsWholeRows: Bool {
    groups == 1 && dilations.last! == 1 && padsBegin.last! == 0 && inputStride == inputChannels
      && (output.last! - 1) * strides.last! + kernel.last! <= input.last!
  }

  /// The same convolution over an input that brings its padding along.
  fileprivate var padded: ConvolutionShape {
    let sizes = input.indices.map { (output[$0] - 1) * strides[$0] + kernel[$0] }
    return ConvolutionShape(
      batch: batch, inputChannels: inputChannels, outputChannels: outputChannels, input: sizes, kernel: kernel,
      strides: strides, output: output, outputStride: outputStride)
  }

  /// Copies one image with zeros around it, as far as windows reach.
  fileprivate func copyPadded(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
    let lead = 3 - input.count
    func three(_ values: [Int], _ fill: Int) -> [Int] { [Int](repeating: fill, count: lead) + values }
    let (from, to, pads) = (three(input, 1), three(padded.input, 1), three(padsBegin, 0))
    out.update(repeating: 0, count: padded.inputPixels * inputChannels)
    let (begin, end) = (pads[2], min(to[2], pads[2] + from[2]))
    guard begin < end else { return }
    for z in max(0, pads[0])..<max(0, min(to[0], pads[0] + from[0])) {
      for y in pads[1]..<max(pads[1], min(to[1], pads[1] + from[1])) {
        let source = x + ((z - pads[0]) * from[1] + y - pads[1]) * from[2] * inputStride
        let target = out + ((z * to[1] + y) * to[2] + begin) * inputChannels
        if inputStride == inputChannels {
          target.update(from: source, count: (end - begin) * inputChannels)
        } else {
          for i in 0..<end - begin {
            (target + i * inputChannels).update(from: source + i * inputStride, count: inputChannels)
          }
        }
      }
    }
  }
}
