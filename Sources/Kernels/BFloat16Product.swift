internal import CKernels

/// An fp32 matrix B [k × n] rounded to bfloat16 in the layout products read, made once and shared by all plans.
public final class PackedBFloat16Matrix: Sendable {
  public let k: Int
  public let n: Int
  public let instructionSet: InstructionSet
  let panels: BFloat16Panels

  /// Packs B from row-major fp32 [k × n], or from its transpose [n × k]; `stride` counts elements between its rows.
  public init(
    _ source: UnsafeRawPointer, k: Int, n: Int, stride: Int? = nil, transposed: Bool = false,
    instructionSet: InstructionSet = .current
  ) {
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
    let stride = 4 * (stride ?? (transposed ? k : n))
    panels = BFloat16Panels(
      source, taps: 1, depth: k, n: n, tapStride: 0, rowStride: transposed ? 4 : stride,
      columnStride: transposed ? stride : 4, instructionSet: instructionSet)
  }

  /// Packs matrices [k × n], or transposed [n × k], that stand side by side.
  public init(_ parts: [MatrixColumns], k: Int, transposed: Bool = false, instructionSet: InstructionSet = .current) {
    let n = parts.reduce(0) { $0 + $1.n }
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
    let panels = BFloat16Panels(taps: 1, depth: k, n: n, instructionSet: instructionSet)
    for piece in parts.pieces(width: instructionSet.table.pointee.panel_columns) {
      piece.withOneMatrix(k: k, transposed: transposed) { source, columns in
        let stride = 4 * (transposed ? k : columns)
        panels.pack(
          source, taps: 1, depth: k, n: columns, at: piece.column, tapStride: 0, rowStride: transposed ? 4 : stride,
          columnStride: transposed ? stride : 4, instructionSet: instructionSet)
      }
    }
    self.panels = panels
  }

  public var byteCount: Int { panels.memory.byteCount }
}

/// Panels of row pairs [taps · ⌈depth/2⌉][columns][2].
struct BFloat16Panels: Sendable {
  let memory: AlignedMemory
  private let rows: Int

  init(
    _ source: UnsafeRawPointer, taps: Int, depth: Int, n: Int, tapStride: Int, rowStride: Int, columnStride: Int,
    instructionSet: InstructionSet
  ) {
    self.init(taps: taps, depth: depth, n: n, instructionSet: instructionSet)
    pack(
      source, taps: taps, depth: depth, n: n, at: 0, tapStride: tapStride, rowStride: rowStride,
      columnStride: columnStride, instructionSet: instructionSet)
  }

  /// Panels that are not packed yet.
  init(taps: Int, depth: Int, n: Int, instructionSet: InstructionSet) {
    rows = taps * roundedUp(depth, to: instructionSet.bfloat16Depth)
    memory = AlignedMemory.shared(byteCount: rows * roundedUp(n, to: instructionSet.lanes) * 2)
  }

  /// Packs `n` columns from `column` on, where a panel begins.
  func pack(
    _ source: UnsafeRawPointer, taps: Int, depth: Int, n: Int, at column: Int, tapStride: Int, rowStride: Int,
    columnStride: Int, instructionSet: InstructionSet
  ) {
    let padded = roundedUp(depth, to: instructionSet.bfloat16Depth)
    var arguments = PackBF16(
      source: source, tap_stride: tapStride, row_stride: rowStride, column_stride: columnStride, taps: taps,
      depth: depth, padded_depth: padded, n: n,
      panels: memory.base.assumingMemoryBound(to: UInt16.self) + column * rows)
    instructionSet.table.pointee.pack_bf16(&arguments)
  }

  func panel(at column: Int) -> UnsafePointer<UInt16> {
    UnsafePointer(memory.base.assumingMemoryBound(to: UInt16.self)) + column * rows
  }

  var end: UnsafeRawPointer { UnsafeRawPointer(memory.base + memory.byteCount) }
}

/// The types a bfloat16 kernel reads and writes.
public enum HalfOrFloat: Sendable, Hashable {
  case bfloat16
  case float32

  var byteCount: Int { self == .bfloat16 ? 2 : 4 }
}

/// A plan for C [m × n] = epilogue(A [m × k] · B [k × n]) with bfloat16 operands and fp32 sums.
public struct BFloat16Product: Sendable {
  public let m: Int
  public let n: Int
  public let k: Int
  /// fp32 A is rounded on the way.
  public let aType: HalfOrFloat
  public let cType: HalfOrFloat
  public let aStride: Int
  public let cStride: Int
  public let epilogue: Epilogue
  public let instructionSet: InstructionSet
  private let panels: Panels
  private let grid: TaskGrid

  /// Strides count elements between rows and default to dense.
  public init(
    m: Int, n: Int, k: Int, aType: HalfOrFloat = .bfloat16, cType: HalfOrFloat = .bfloat16, aStride: Int? = nil,
    cStride: Int? = nil, epilogue: Epilogue = Epilogue(), instructionSet: InstructionSet = .current
  ) {
    (self.m, self.n, self.k, self.aType, self.cType) = (m, n, k, aType, cType)
    (self.aStride, self.cStride, self.epilogue) = (aStride ?? k, cStride ?? n, epilogue)
    self.instructionSet = instructionSet
    panels = Panels(n: n, instructionSet: instructionSet)
    let resident = aType == .bfloat16 ? TaskGrid.residentRows(m: m, rowByteCount: k * 2) : nil
    // Rounded rows serve all their panels.
    grid = TaskGrid(
      m: m, k: dividedUp(k, by: instructionSet.bfloat16Speed), panels: panels, batch: 1,
      tileRows: instructionSet.bfloat16Rows, rowsFirst: aType == .float32 || resident != nil, residentRows: resident)
  }

  public var taskCount: Int { grid.taskCount }

  /// Bytes of scratch per thread, aligned to 64, for fp32 A.
  public var scratchByteCount: Int { aType == .float32 ? roundedUp(grid.rowsPerBlock * k * 2, to: 64) : 0 }

  /// Runs `tasks`; the bias is fp32.
  public func run(
    tasks: Range<Int>, a: UnsafeRawPointer, b: PackedBFloat16Matrix, c: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer?
  ) {
    precondition(b.k == k && b.n == n && b.instructionSet == instructionSet, "B is packed for another product")
    run(
      tasks: tasks, a: a, panels: b.panels.panel(at: 0), until: b.panels.end, c: c, operands: operands,
      scratch: scratch)
  }

  /// How B that changes from run to run is packed for `run` with `packed`.
  public var packing: BFloat16Packing { BFloat16Packing(depth: k, n: n, instructionSet: instructionSet) }

  /// Runs `tasks` with B that `packing` left at `packed`.
  public func run(
    tasks: Range<Int>, a: UnsafeRawPointer, packed: UnsafeRawPointer, c: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer?
  ) {
    run(
      tasks: tasks, a: a, panels: packed.assumingMemoryBound(to: UInt16.self), until: packed + packing.byteCount,
      c: c, operands: operands, scratch: scratch)
  }

  private func run(
    tasks: Range<Int>, a: UnsafeRawPointer, panels b: UnsafePointer<UInt16>, until end: UnsafeRawPointer,
    c: UnsafeMutableRawPointer, operands: EpilogueOperands, scratch: UnsafeMutableRawPointer?
  ) {
    let depth = roundedUp(k, to: instructionSet.bfloat16Depth)
    var rounded = -1
    for index in grid.blocks(tasks) {
      let block = grid.block(index)
      let row = block.rows.lowerBound
      let source: RowSource
      if aType == .bfloat16 {
        source = RowSource(rows: a + row * aStride * 2, stride: aStride, depth: k)
      } else {
        if rounded != row { round(a.assumingMemoryBound(to: Float.self), block.rows, into: scratch!) }
        rounded = row
        source = RowSource(rows: scratch!, stride: k, depth: k)
      }
      for panel in block.panels {
        let column = panel * panels.width
        var arguments = GemmBF16(
          a: source, b: b + column * depth, c: c + (row * cStride + column) * cType.byteCount,
          c_stride: cStride, rows: block.rows.count, columns: panels.columns(panel),
          narrow: cType == .bfloat16 ? 1 : 0,
          epilogue: operands.epilogue(epilogue, row: row, column: column, stride: cStride), next: nil, next_bytes: 0)
        arguments.prefetch(panels.width * depth * 2, before: end, share: grid.share(of: block))
        instructionSet.table.pointee.gemm_bf16(&arguments)
      }
    }
  }

  private func round(_ a: UnsafePointer<Float>, _ rows: Range<Int>, into scratch: UnsafeMutableRawPointer) {
    let out = scratch.assumingMemoryBound(to: UInt16.self)
    for (i, row) in rows.enumerated() {
      instructionSet.table.pointee.narrow_bf16(a + row * aStride, out + i * k, k, 1)
    }
  }
}

extension GemmBF16 {
  /// Fetches a share of the panel of `byteCount` behind B while multiplying, as far as there is one before `end`.
  mutating func prefetch(_ byteCount: Int, before end: UnsafeRawPointer, share: ClosedRange<Double>) {
    let panel = UnsafeRawPointer(b) + byteCount
    let count = Double(min(byteCount, max(0, end - panel)))
    let begin = Int(count * share.lowerBound)
    (next, next_bytes) = (panel + begin, Int(count * share.upperBound) - begin)
  }
}
