internal import CKernels

/// A plan for sums of outer products of bfloat16 rows, in fp32: the gradient of a convolution over one or two axes with
/// respect to its weights, dw [kernel…, inputChannels, outputChannels] = Σ x · dy, and products Aᵀ·B.
///
/// x is transposed and dy paired once, on a grid of positions in which every tap of the window reads a shifted piece of the
/// same row. Where weights are few, parts of the sum are made apart and added up in a fixed order, so that results do not
/// depend on the number of threads.
public struct BFloat16WeightGradient: Sendable {
  /// Rows of the gradient: channels of one tap.
  private struct Unit: Sendable {
    var tap: Int
    var rows: Range<Int>
    var panel: Int
  }

  public let shape: ConvolutionShape
  /// A factor of all sums.
  public let alpha: Float
  public let instructionSet: InstructionSet
  private let grid: PositionGrid
  private let panels: Panels
  private let units: [Unit]
  private let splits: Int
  /// Elements between the rows of transposed x: whole cache lines, an odd number of them.
  private let xStride: Int
  private let paddedLength: Int

  private static let rowsPerUnit = 128
  private static let leastUnits = 32
  private static let mostSplitBytes = 4 << 20

  public static func suits(_ shape: ConvolutionShape) -> Bool {
    shape.groups == 1 && shape.input.count <= 2 && PositionGrid.suits(shape)
  }

  public init(_ shape: ConvolutionShape, alpha: Float = 1, instructionSet: InstructionSet = .current) {
    precondition(Self.suits(shape), "one group over one or two axes")
    (self.shape, self.alpha, self.instructionSet) = (shape, alpha, instructionSet)
    let grid = PositionGrid(shape)
    panels = Panels(n: shape.outputChannels, instructionSet: instructionSet)
    let channels = shape.inputChannels, count = dividedUp(channels, by: Self.rowsPerUnit)
    var units: [Unit] = []
    for panel in 0..<panels.count {
      for tap in 0..<shape.taps {
        for i in 0..<count {
          // Whole tiles of rows but for the last.
          let step = roundedUp(dividedUp(channels, by: count), to: 32)
          let rows = min(i * step, channels)..<min((i + 1) * step, channels)
          if !rows.isEmpty { units.append(Unit(tap: tap, rows: rows, panel: panel)) }
        }
      }
    }
    let bytes = shape.taps * channels * shape.outputChannels * 4
    let wanted = dividedUp(Self.leastUnits, by: units.count)
    splits = max(1, min(grid.blockCount, wanted, Self.mostSplitBytes / max(bytes, 1)))
    (self.units, self.grid) = (units, grid)
    xStride = (dividedUp(grid.length + grid.reach, by: 32) | 1) * 32
    paddedLength = roundedUp(grid.length, to: instructionSet.bfloat16Depth)
  }

  /// Aᵀ·B for A [depth × m] and B [depth × n] in dense rows.
  public init(m: Int, n: Int, depth: Int, alpha: Float = 1, instructionSet: InstructionSet = .current) {
    self.init(
      ConvolutionShape(inputChannels: m, outputChannels: n, input: [depth], kernel: [1]), alpha: alpha,
      instructionSet: instructionSet)
  }

  private var floatCount: Int { shape.taps * shape.inputChannels * shape.outputChannels }
  /// Strips of channels that are transposed together.
  private var strips: Int { dividedUp(shape.inputChannels, by: panels.width) }
  private var packsPerBlock: Int { panels.count + grid.phaseCount * strips }
  public var packTaskCount: Int { grid.blockCount * packsPerBlock }
  public var scratchByteCount: Int { BFloat16Packing.rowsPerPiece * panels.width * 2 }
  public var taskCount: Int { splits * units.count }
  /// Tasks that add up parts; 0 where there is one part.
  public var reductionTaskCount: Int { splits > 1 ? dividedUp(floatCount, by: 4096) : 0 }

  private var dyHalves: Int { paddedLength * panels.paddedColumns }
  private var xHalves: Int { shape.inputChannels * xStride }
  private var xOffset: Int { roundedUp(grid.blockCount * dyHalves * 2, to: 64) }
  private var partOffset: Int { xOffset + roundedUp(grid.blockCount * grid.phaseCount * xHalves * 2, to: 64) }
  public var workspaceByteCount: Int { partOffset + (splits > 1 ? splits * floatCount * 4 : 0) }

  /// Transposes x [batch, input…, inputChannels] and pairs dy [batch, output…, outputChannels]; scratch is aligned to 64.
  public func pack(
    tasks: Range<Int>, x: UnsafePointer<UInt16>, dy: UnsafePointer<UInt16>, workspace: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    for task in tasks {
      let (block, part) = task.quotientAndRemainder(dividingBy: packsPerBlock)
      if part < panels.count {
        let out = workspace.assumingMemoryBound(to: UInt16.self) + block * dyHalves
        pair(dy + block * grid.dyStep, block, panel: part, into: out)
      } else {
        let (phase, strip) = (part - panels.count).quotientAndRemainder(dividingBy: strips)
        let out =
          (workspace + xOffset).assumingMemoryBound(to: UInt16.self) + (block * grid.phaseCount + phase) * xHalves
        transpose(
          x + block * grid.xStep, block, phase, strip, into: out, scratch.assumingMemoryBound(to: UInt16.self))
      }
    }
  }

  private func pair(
    _ dy: UnsafePointer<UInt16>, _ block: Int, panel: Int, into out: UnsafeMutablePointer<UInt16>
  ) {
    let column = panel * panels.width
    grid.dyOffsets.withUnsafeBufferPointer { offsets in
      instructionSet.table.pointee.pair_rows_bf16(
        dy + column, offsets.baseAddress!, grid.length(of: block), paddedLength, panels.columns(panel),
        out + column * paddedLength, panels.paddedColumns(panel))
    }
  }

  private func transpose(
    _ x: UnsafePointer<UInt16>, _ block: Int, _ phase: Int, _ strip: Int, into out: UnsafeMutablePointer<UInt16>,
    _ pairs: UnsafeMutablePointer<UInt16>
  ) {
    let first = strip * panels.width
    let columns = min(panels.width, shape.inputChannels - first)
    let width = roundedUp(columns, to: instructionSet.lanes)
    let length = grid.length(of: block)
    grid.xOffsets[phase].withUnsafeBufferPointer { offsets in
      for begin in stride(from: 0, to: xStride, by: BFloat16Packing.rowsPerPiece) {
        let count = min(BFloat16Packing.rowsPerPiece, xStride - begin)
        let inside = max(0, min(count, length - begin))
        instructionSet.table.pointee.pair_rows_bf16(
          x + first, offsets.baseAddress! + min(begin, length), inside, count, columns, pairs, width)
        instructionSet.table.pointee.transpose_4(
          pairs, width * 4, out + (first * xStride + begin), xStride * 2, count / 2, columns)
      }
    }
  }

  /// Adds up what `pack` left in the workspace.
  public func run(tasks: Range<Int>, workspace: UnsafeMutableRawPointer, dw: UnsafeMutablePointer<Float>) {
    var first = tasks.lowerBound
    while first < tasks.upperBound {
      let split = first / units.count
      let end = min(tasks.upperBound, (split + 1) * units.count)
      let range = first - split * units.count..<end - split * units.count
      let out =
        splits > 1 ? (workspace + partOffset).assumingMemoryBound(to: Float.self) + split * floatCount : dw
      let blocks = grid.blockCount * split / splits..<grid.blockCount * (split + 1) / splits
      for block in blocks {
        for index in 0..<grid.pieceCount(of: block) {
          let piece = grid.piece(index, of: block)
          for unit in range {
            let isFirst = block == blocks.lowerBound && piece.lowerBound == 0
            sum(units[unit], block, piece, workspace, out, isFirst: isFirst)
          }
        }
      }
      first = end
    }
  }

  private func sum(
    _ unit: Unit, _ block: Int, _ piece: Range<Int>, _ workspace: UnsafeMutableRawPointer,
    _ dw: UnsafeMutablePointer<Float>, isFirst: Bool
  ) {
    let column = unit.panel * panels.width
    let tap = grid.taps[unit.tap]
    let x =
      (workspace + xOffset).assumingMemoryBound(to: UInt16.self) + (block * grid.phaseCount + tap.phase) * xHalves
    let dy = workspace.assumingMemoryBound(to: UInt16.self) + block * dyHalves
    let c = dw + ((unit.tap * shape.inputChannels + unit.rows.lowerBound) * shape.outputChannels + column)
    var arguments = GemmBF16(
      a: RowSource(
        rows: x + (unit.rows.lowerBound * xStride + piece.lowerBound + tap.shift), stride: xStride,
        depth: piece.count),
      b: dy + (column * paddedLength + piece.lowerBound * panels.paddedColumns(unit.panel)), c: c,
      c_stride: shape.outputChannels, rows: unit.rows.count, columns: panels.columns(unit.panel), narrow: 0,
      epilogue: EpilogueOperands(residual: isFirst ? nil : UnsafePointer(c)).epilogue(
        Epilogue(alpha: alpha), row: 0, column: 0, stride: shape.outputChannels), next: nil, next_bytes: 0)
    instructionSet.table.pointee.gemm_bf16(&arguments)
  }

  /// Adds up the parts of the sum.
  public func reduce(tasks: Range<Int>, workspace: UnsafeMutableRawPointer, dw: UnsafeMutablePointer<Float>) {
    let parts = (workspace + partOffset).assumingMemoryBound(to: Float.self)
    for task in tasks {
      let first = task * 4096, count = min(4096, floatCount - first)
      guard count > 0 else { continue }
      (dw + first).update(from: parts + first, count: count)
      for split in 1..<splits {
        let part = parts + split * floatCount + first
        for i in 0..<count { dw[first + i] += part[i] }
      }
    }
  }
}
