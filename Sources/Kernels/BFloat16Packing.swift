internal import CKernels

/// How a matrix B [taps · depth × n] that changes from run to run is rounded to bfloat16 and brought into the panels that
/// products read.
public struct BFloat16Packing: Sendable {
  /// Where the elements of B are. Of the last two strides, which count elements, one is 1.
  public struct Source {
    public var base: UnsafeRawPointer
    public var type: HalfOrFloat
    public var tapStride: Int
    public var rowStride: Int
    public var columnStride: Int

    public init(
      _ base: UnsafeRawPointer, _ type: HalfOrFloat, tapStride: Int = 0, rowStride: Int, columnStride: Int = 1
    ) {
      precondition(rowStride == 1 || columnStride == 1, "rows or columns lie in one piece")
      (self.base, self.type, self.tapStride) = (base, type, tapStride)
      (self.rowStride, self.columnStride) = (rowStride, columnStride)
    }
  }

  public let taps: Int
  public let depth: Int
  public let n: Int
  public let instructionSet: InstructionSet
  private let panels: Panels
  let paddedDepth: Int
  private let order: [Int]

  /// Rows that are packed together.
  static let rowsPerPiece = 128

  /// Packed tap `t` is tap `order[t]` of the source; all in their order if that is empty.
  public init(
    taps: Int = 1, depth: Int, n: Int, order: [Int] = [], instructionSet: InstructionSet = .current
  ) {
    (self.taps, self.depth, self.n, self.instructionSet) = (taps, depth, n, instructionSet)
    self.order = order
    panels = Panels(n: n, instructionSet: instructionSet)
    paddedDepth = roundedUp(depth, to: instructionSet.bfloat16Depth)
  }

  private var pieces: Int { dividedUp(paddedDepth, by: Self.rowsPerPiece) }
  /// Rows of a panel, padding included.
  var rows: Int { taps * paddedDepth }
  public var byteCount: Int { roundedUp(rows * panels.paddedColumns * 2, to: 64) }
  public var taskCount: Int { panels.count * taps * pieces }
  public var scratchByteCount: Int { Self.rowsPerPiece * panels.width * 2 }

  /// Packs the pieces of `tasks` into `packed`; scratch is aligned to 64.
  public func pack(
    tasks: Range<Int>, from source: Source, into packed: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    for task in tasks {
      let (panel, rest) = task.quotientAndRemainder(dividingBy: taps * pieces)
      let (tap, piece) = rest.quotientAndRemainder(dividingBy: pieces)
      let (column, columns) = (panel * panels.width, panels.columns(panel))
      let first = piece * Self.rowsPerPiece
      let count = min(Self.rowsPerPiece, paddedDepth - first)
      let element =
        (order.isEmpty ? tap : order[tap]) * source.tapStride + first * source.rowStride + column * source.columnStride
      let from = source.base + element * source.type.byteCount
      let out =
        packed.assumingMemoryBound(to: UInt16.self)
        + (column * rows + (tap * paddedDepth + first) * panels.paddedColumns(panel))
      let block = Block(
        from: from, rows: max(0, min(count, depth - first)), paddedRows: count, columns: columns,
        width: panels.paddedColumns(panel), out: out, halves: scratch.assumingMemoryBound(to: UInt16.self))
      if source.columnStride == 1 { packRows(block, source) } else { packColumns(block, source) }
    }
  }

  private struct Block {
    var from: UnsafeRawPointer
    var rows, paddedRows, columns, width: Int
    var out: UnsafeMutablePointer<UInt16>
    var halves: UnsafeMutablePointer<UInt16>
  }

  /// Rows in one piece each: two of them become one of pairs.
  private func packRows(_ block: Block, _ source: Source) {
    guard source.type == .float32 else {
      instructionSet.table.pointee.pair_bf16(
        block.from.assumingMemoryBound(to: UInt16.self), source.rowStride, block.rows, block.paddedRows,
        block.columns, block.out, block.width)
      return
    }
    let from = block.from.assumingMemoryBound(to: Float.self)
    for row in 0..<block.rows {
      instructionSet.table.pointee.narrow_bf16(
        from + row * source.rowStride, block.halves + row * block.width, block.columns, 1)
    }
    instructionSet.table.pointee.pair_bf16(
      block.halves, block.width, block.rows, block.paddedRows, block.columns, block.out, block.width)
  }

  /// Columns in one piece each: their pairs lie together, and are transposed.
  private func packColumns(_ block: Block, _ source: Source) {
    let length = Self.rowsPerPiece
    for column in 0..<block.width {
      let out = block.halves + column * length
      let rows = column < block.columns ? block.rows : 0
      if rows > 0, source.type == .float32 {
        instructionSet.table.pointee.narrow_bf16(
          block.from.assumingMemoryBound(to: Float.self) + column * source.columnStride, out, rows, 1)
      } else if rows > 0 {
        out.update(from: block.from.assumingMemoryBound(to: UInt16.self) + column * source.columnStride, count: rows)
      }
      (out + rows).update(repeating: 0, count: block.paddedRows - rows)
    }
    instructionSet.table.pointee.transpose_4(
      block.halves, length * 2, block.out, block.width * 4, block.width, block.paddedRows / 2)
  }
}
