internal import CKernels

/// A plan for C [m × n] = epilogue(op(A) [m × k] · op(B) [k × n]) in fp32, repeated over a batch.
///
/// Work comes in `taskCount` tasks; any ranges of them may run on different threads at once, each with scratch of its own.
public struct MatrixProduct: Sendable {
  /// Where the matrices of a batch begin, in elements.
  public struct Batch: Sendable {
    public var a: [Int]
    public var b: [Int]
    public var c: [Int]

    public init(a: [Int], b: [Int], c: [Int]) {
      precondition(a.count == b.count && b.count == c.count, "a batch has as many A as B as C")
      (self.a, self.b, self.c) = (a, b, c)
    }

    /// `count` matrices at equal distances; distance 0 shares one matrix.
    public init(count: Int, aStride: Int, bStride: Int, cStride: Int) {
      self.init(
        a: (0..<count).map { $0 * aStride }, b: (0..<count).map { $0 * bStride }, c: (0..<count).map { $0 * cStride })
    }

    public static let one = Batch(a: [0], b: [0], c: [0])
  }

  public let m: Int
  public let n: Int
  public let k: Int
  public let aStride: Int
  public let bStride: Int
  public let cStride: Int
  public let transposeA: Bool
  public let transposeB: Bool
  public let epilogue: Epilogue
  public let batch: Batch
  public let instructionSet: InstructionSet
  let panels: Panels
  let grid: TaskGrid

  /// Strides count elements between rows as stored and default to dense. `transposeB` and `bStride` matter only
  /// when B is given unpacked.
  public init(
    m: Int, n: Int, k: Int, aStride: Int? = nil, bStride: Int? = nil, cStride: Int? = nil, transposeA: Bool = false,
    transposeB: Bool = false, epilogue: Epilogue = Epilogue(), batch: Batch = .one,
    instructionSet: InstructionSet = .current
  ) {
    (self.m, self.n, self.k) = (m, n, k)
    self.aStride = aStride ?? (transposeA ? m : k)
    self.bStride = bStride ?? (transposeB ? k : n)
    self.cStride = cStride ?? n
    (self.transposeA, self.transposeB, self.epilogue, self.batch) = (transposeA, transposeB, epilogue, batch)
    self.instructionSet = instructionSet
    panels = Panels(n: n, instructionSet: instructionSet)
    grid = TaskGrid(
      m: m, k: k, panels: panels, batch: batch.a.count, tileRows: instructionSet.table.pointee.tile_rows,
      rowsFirst: transposeA || m >= 384)
  }

  public var taskCount: Int { grid.taskCount }

  /// Bytes of scratch per thread, aligned to 64: for B given unpacked and for transposed A.
  public var scratchByteCount: Int {
    packedPanelByteCount + (transposeA ? grid.rowsPerBlock * k * 4 : 0)
  }

  private var packedPanelByteCount: Int { roundedUp(panels.width * k * 4, to: 64) }

  /// Runs `tasks` with constant B.
  public func run(
    tasks: Range<Int>, a: UnsafePointer<Float>, b: PackedMatrix, c: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer?
  ) {
    precondition(b.k == k && b.n == n && b.instructionSet == instructionSet, "B is packed for another product")
    run(tasks: tasks, a: a, c: c, operands: operands, scratch: scratch, end: b.panel(at: panels.paddedColumns)) {
      _, panel, _ in
      (b.panel(at: panel * panels.width), panels.paddedColumns(panel))
    }
  }

  /// Runs `tasks` with B as it is in memory, [k × n] or, transposed, [n × k].
  public func run(
    tasks: Range<Int>, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    run(tasks: tasks, a: a, c: c, operands: operands, scratch: scratch) { matrix, panel, isNew in
      let column = panel * panels.width
      let source = b + (batch.b[matrix] + column * (transposeB ? bStride : 1))
      if readsInPlace(panel) { return (source, bStride) }
      if isNew {
        Panels(n: panels.columns(panel), instructionSet: instructionSet)
          .pack(source, k: k, stride: bStride, transposed: transposeB, into: scratch)
      }
      return (UnsafePointer(scratch.assumingMemoryBound(to: Float.self)), panels.paddedColumns(panel))
    }
  }

  /// Whether B that is not constant had better be packed once for all rows before `run` with `packed`.
  public var gainsFromPacking: Bool { batch.a.count == 1 && m >= 96 && k > 0 && n > 0 }
  public var packTaskCount: Int { panels.count }
  public var packedByteCount: Int { roundedUp(panels.paddedColumns * k * 4, to: 64) }

  /// Packs panels `tasks` of B, which lies as `run` would read it.
  public func pack(tasks: Range<Int>, b: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) {
    for panel in tasks {
      let column = panel * panels.width
      Panels(n: panels.columns(panel), instructionSet: instructionSet)
        .pack(
          b + column * (transposeB ? bStride : 1), k: k, stride: bStride, transposed: transposeB,
          into: packed + column * k * 4)
    }
  }

  /// Runs `tasks` with B that `pack` left at `packed`.
  public func run(
    tasks: Range<Int>, a: UnsafePointer<Float>, packed: UnsafeRawPointer, c: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer?
  ) {
    let base = packed.assumingMemoryBound(to: Float.self)
    run(tasks: tasks, a: a, c: c, operands: operands, scratch: scratch, end: base + panels.paddedColumns * k) {
      _, panel, _ in
      (base + panel * panels.width * k, panels.paddedColumns(panel))
    }
  }

  /// Few rows do not pay for packing B.
  private func readsInPlace(_ panel: Int) -> Bool {
    !transposeB && m <= 24 && panels.columns(panel) == panels.paddedColumns(panel)
  }

  /// `panel` gives a panel of a matrix of the batch and the stride of its rows, told whether the last call asked for another.
  /// Panels that follow each other in memory up to `end` are prefetched.
  private func run(
    tasks: Range<Int>, a: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, operands: EpilogueOperands,
    scratch: UnsafeMutableRawPointer?, end: UnsafePointer<Float>? = nil,
    panel: (_ matrix: Int, _ panel: Int, _ isNew: Bool) -> (UnsafePointer<Float>, Int)
  ) {
    let aPacked = transposeA ? (scratch! + packedPanelByteCount).assumingMemoryBound(to: Float.self) : nil
    var lastPanel = (-1, -1), lastBlock = (-1, -1)
    for index in grid.blocks(tasks) {
      let block = grid.block(index)
      let source: RowSource
      if let aPacked {
        if lastBlock != (block.matrix, block.rows.lowerBound) {
          instructionSet.table.pointee.transpose_4(
            a + (batch.a[block.matrix] + block.rows.lowerBound), aStride * 4, aPacked, k * 4, k, block.rows.count)
          lastBlock = (block.matrix, block.rows.lowerBound)
        }
        source = RowSource(rows: aPacked, stride: k, depth: k)
      } else {
        source = RowSource(
          rows: a + (batch.a[block.matrix] + block.rows.lowerBound * aStride), stride: aStride, depth: k)
      }
      for index in block.panels {
        let b = panel(block.matrix, index, lastPanel != (block.matrix, index))
        lastPanel = (block.matrix, index)
        multiply(
          source, b, c + batch.c[block.matrix], rows: block.rows, column: index * panels.width,
          columns: panels.columns(index), end: end, operands)
      }
    }
  }

  private func multiply(
    _ source: RowSource, _ b: (panel: UnsafePointer<Float>, stride: Int), _ c: UnsafeMutablePointer<Float>,
    rows: Range<Int>, column: Int, columns: Int, end: UnsafePointer<Float>?, _ operands: EpilogueOperands
  ) {
    let start = c + (rows.lowerBound * cStride + column)
    // A residual inside C must be read before any partial sum is stored.
    let aliased = operands.residual.map { UnsafePointer(c) == $0 } ?? false
    let depth = aliased || k <= TaskGrid.longestDepth ? max(k, 1) : TaskGrid.splitDepth
    var arguments = GemmF32(
      a: source, b: b.panel, b_stride: b.stride, c: start, c_stride: cStride, rows: rows.count, columns: columns,
      accumulate: 0, finish: 0,
      epilogue: operands.epilogue(epilogue, row: rows.lowerBound, column: column, stride: cStride), next: nil,
      next_bytes: 0)
    for first in stride(from: 0, to: max(k, 1), by: depth) {
      arguments.a.base = source.base + first * 4
      arguments.a.depth = min(depth, k - first)
      arguments.b = b.panel + first * b.stride
      if let end, grid.rowsFirst || rows.lowerBound == 0 {
        arguments.prefetch(arguments.a.depth * b.stride, before: end)
      }
      arguments.accumulate = first > 0 ? 1 : 0
      arguments.finish = first + depth >= k ? 1 : 0
      instructionSet.table.pointee.gemm_f32(&arguments)
    }
  }
}

extension RowSource {
  /// Rows in one piece each.
  init(rows: UnsafeRawPointer, stride: Int, depth: Int) {
    self.init(base: rows, stride: stride, offsets: nil, offset_stride: 0, padding: nil, taps: 1, depth: depth)
  }
}
