internal import CKernels

/// A plan for softmax(scale · Q·Kᵀ + mask) · V per batch entry and head, without ever storing all scores.
public struct ScaledDotProductAttention: Sendable {
  /// Elements between batch entries, heads and positions of an operand, so that any layout can be read in place.
  public struct Strides: Sendable, Hashable {
    public var batch: Int
    public var head: Int
    public var position: Int

    public init(batch: Int, head: Int, position: Int) {
      (self.batch, self.head, self.position) = (batch, head, position)
    }

    /// [batch, heads, positions, width]
    public static func headMajor(heads: Int, positions: Int, width: Int) -> Strides {
      Strides(batch: heads * positions * width, head: positions * width, position: width)
    }

    /// [batch, positions, heads, width]
    public static func positionMajor(heads: Int, positions: Int, width: Int) -> Strides {
      Strides(batch: positions * heads * width, head: width, position: heads * width)
    }
  }

  /// Elements between batch entries, heads and queries of an additive mask; 0 repeats.
  public typealias MaskStrides = Strides

  public let batch: Int
  public let heads: Int
  /// Heads of K and V; each serves heads / keyHeads neighbouring heads of Q.
  public let keyHeads: Int
  public private(set) var queries: Int
  public private(set) var keys: Int
  /// Elements per position of Q and K, and of V and Y.
  public let width: Int
  public let valueWidth: Int
  public let scale: Float
  /// Query i sees keys up to i + keys − queries.
  public let isCausal: Bool
  public let instructionSet: InstructionSet
  let q, k, v, y: Strides
  private let mask: MaskStrides
  private let rowsPerBlock: Int

  public init(
    batch: Int, heads: Int, keyHeads: Int? = nil, queries: Int, keys: Int, width: Int, valueWidth: Int? = nil,
    scale: Float? = nil, isCausal: Bool = false, q: Strides, k: Strides, v: Strides, y: Strides,
    mask: MaskStrides = Strides(batch: 0, head: 0, position: 0), instructionSet: InstructionSet = .current
  ) {
    (self.batch, self.heads, self.keyHeads) = (batch, heads, keyHeads ?? heads)
    (self.queries, self.keys, self.width, self.valueWidth) = (queries, keys, width, valueWidth ?? width)
    (self.scale, self.isCausal) = (scale ?? 1 / Float(width).squareRoot(), isCausal)
    (self.q, self.k, self.v, self.y, self.mask) = (q, k, v, y, mask)
    self.instructionSet = instructionSet
    // The scores of a block stay in the second-level cache.
    let fitting = 32 * 1024 / max(keys, 1)
    let tile = instructionSet.table.pointee.tile_rows
    rowsPerBlock = max(tile, min(roundedUp(queries, to: tile), roundedUp(min(max(fitting, 1), 96), to: tile)))
  }

  /// This plan for the first `length` queries and keys alone, at most as many as it has; it needs no more scratch.
  public func shortened(to length: Int) -> ScaledDotProductAttention {
    precondition(length <= queries && length <= keys, "a plan is not made longer")
    var plan = self
    (plan.queries, plan.keys) = (length, length)
    return plan
  }

  /// This plan for the first `count` keys alone, at most as many as it has; it needs no more scratch.
  func limited(toKeys count: Int) -> ScaledDotProductAttention {
    var plan = self
    plan.keys = min(max(count, 0), keys)
    return plan
  }

  /// Blocks of queries, each one task, of one head.
  var blocks: Int { dividedUp(queries, by: rowsPerBlock) }
  public var taskCount: Int { batch * heads * blocks }

  private var keyPanels: Panels { Panels(n: keys, instructionSet: instructionSet) }
  private var valuePanels: Panels { Panels(n: valueWidth, instructionSet: instructionSet) }
  private var keyByteCount: Int { roundedUp(keyPanels.paddedColumns * width * 4, to: 64) }
  private var valueByteCount: Int { roundedUp(valuePanels.paddedColumns * keys * 4, to: 64) }

  /// Bytes of scratch per thread, aligned to 64.
  public var scratchByteCount: Int { keyByteCount + valueByteCount + roundedUp(rowsPerBlock * (keys + 1) * 4, to: 64) }

  /// Runs `tasks`; the mask is added to the scaled scores.
  public func run(
    tasks: Range<Int>, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
    mask: UnsafePointer<Float>? = nil, y: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    let values = scratch + keyByteCount
    let scores = (values + valueByteCount).assumingMemoryBound(to: Float.self)
    let reciprocals = scores + rowsPerBlock * keys
    var packed = -1
    for task in tasks {
      let (head, block) = task.quotientAndRemainder(dividingBy: blocks)
      let (entry, h) = head.quotientAndRemainder(dividingBy: heads)
      let keyHead = h / (heads / keyHeads)
      if packed != entry * keyHeads + keyHead {
        packed = entry * keyHeads + keyHead
        keyPanels.pack(
          k + (entry * self.k.batch + keyHead * self.k.head), k: width, stride: self.k.position, transposed: true,
          into: scratch)
        valuePanels.pack(
          v + (entry * self.v.batch + keyHead * self.v.head), k: keys, stride: self.v.position, transposed: false,
          into: values)
      }
      let rows = block * rowsPerBlock..<min(queries, (block + 1) * rowsPerBlock)
      let query = q + (entry * self.q.batch + h * self.q.head + rows.lowerBound * self.q.position)
      multiply(
        query, stride: self.q.position, depth: width, rows: rows.count, scratch, keyPanels, c: scores, cStride: keys)
      let maskRow = mask.map {
        $0 + (entry * self.mask.batch + h * self.mask.head + rows.lowerBound * self.mask.position)
      }
      instructionSet.attentionWeights(
        scores, queries: rows, of: queries, keys: keys, scale: scale, isCausal: isCausal,
        mask: maskRow, maskStride: self.mask.position, reciprocals: reciprocals)
      let out = y + (entry * self.y.batch + h * self.y.head + rows.lowerBound * self.y.position)
      multiply(
        UnsafePointer(scores), stride: keys, depth: keys, rows: rows.count, values, valuePanels, c: out,
        cStride: self.y.position)
      for row in 0..<rows.count {
        let position = out + row * self.y.position
        instructionSet.table.pointee.affine_row_f32(position, position, valueWidth, reciprocals[row], 0)
      }
    }
  }

  private func multiply(
    _ a: UnsafePointer<Float>, stride: Int, depth: Int, rows: Int, _ b: UnsafeMutableRawPointer, _ panels: Panels,
    c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    for panel in 0..<panels.count {
      let column = panel * panels.width
      var arguments = GemmF32(
        a: RowSource(rows: a, stride: stride, depth: depth),
        b: UnsafePointer(b.assumingMemoryBound(to: Float.self)) + column * depth,
        b_stride: panels.paddedColumns(panel), c: c + column, c_stride: cStride,
        rows: rows, columns: panels.columns(panel), accumulate: 0, finish: 0,
        epilogue: EpilogueOperands().epilogue(Epilogue(), row: 0, column: 0, stride: cStride), next: nil,
        next_bytes: 0)
      instructionSet.table.pointee.gemm_f32(&arguments)
    }
  }
}
