internal import CKernels

/// A plan for softmax(scale · Q·Kᵀ + mask) · V of bfloat16 operands, with fp32 scores, sums and mask.
public struct BFloat16Attention: Sendable {
  public typealias Strides = ScaledDotProductAttention.Strides

  public let batch, heads, keyHeads: Int
  public private(set) var queries, keys: Int
  /// Elements per position of Q and K, which is even, and of V and Y.
  public let width, valueWidth: Int
  public let scale: Float
  /// Query i sees keys up to i + keys − queries.
  public let isCausal: Bool
  public let instructionSet: InstructionSet
  let q, k, v, y: Strides
  private let mask: Strides
  private let rowsPerBlock: Int

  /// `mask` counts elements between batch entries, heads and queries; 0 repeats.
  public init(
    batch: Int, heads: Int, keyHeads: Int, queries: Int, keys: Int, width: Int, valueWidth: Int, scale: Float,
    isCausal: Bool = false, q: Strides, k: Strides, v: Strides, y: Strides,
    mask: Strides = Strides(batch: 0, head: 0, position: 0), instructionSet: InstructionSet = .current
  ) {
    precondition(width % 2 == 0, "elements are multiplied in pairs")
    (self.batch, self.heads, self.keyHeads, self.queries, self.keys) = (batch, heads, keyHeads, queries, keys)
    (self.width, self.valueWidth, self.scale, self.isCausal) = (width, valueWidth, scale, isCausal)
    (self.q, self.k, self.v, self.y, self.mask) = (q, k, v, y, mask)
    self.instructionSet = instructionSet
    let tile = instructionSet.bfloat16Rows
    // The scores of a block stay in the second-level cache.
    let fitting = max(32 * 1024 / max(keys, 1), 1)
    rowsPerBlock = max(tile, min(roundedUp(queries, to: tile), roundedUp(min(fitting, 128), to: tile)))
  }

  /// This plan for the first `length` queries and keys alone, at most as many as it has; it needs no more scratch.
  public func shortened(to length: Int) -> BFloat16Attention {
    precondition(length <= queries && length <= keys, "a plan is not made longer")
    var plan = self
    (plan.queries, plan.keys) = (length, length)
    return plan
  }

  /// This plan for the first `count` keys alone, at most as many as it has; it needs no more scratch.
  func limited(toKeys count: Int) -> BFloat16Attention {
    var plan = self
    plan.keys = min(max(count, 0), keys)
    return plan
  }

  /// Blocks of queries, each one task, of one head.
  var blocks: Int { dividedUp(queries, by: rowsPerBlock) }
  public var taskCount: Int { batch * heads * blocks }

  private var keyPanels: Panels { Panels(n: keys, instructionSet: instructionSet) }
  private var valuePanels: Panels { Panels(n: valueWidth, instructionSet: instructionSet) }
  private var keyDepth: Int { roundedUp(width, to: instructionSet.bfloat16Depth) }
  private var valueDepth: Int { roundedUp(keys, to: instructionSet.bfloat16Depth) }
  private var keyByteCount: Int { roundedUp(keyPanels.paddedColumns * keyDepth * 2, to: 64) }
  private var valueByteCount: Int { roundedUp(valuePanels.paddedColumns * valueDepth * 2, to: 64) }
  private var scoreByteCount: Int { roundedUp(rowsPerBlock * (keys + 1) * 4, to: 64) }

  /// Bytes of scratch per thread, aligned to 64.
  public var scratchByteCount: Int {
    keyByteCount + valueByteCount + scoreByteCount + roundedUp(rowsPerBlock * keys * 2, to: 64)
  }

  /// Runs `tasks`; the mask is added to the scaled scores.
  public func run(
    tasks: Range<Int>, q: UnsafePointer<UInt16>, k: UnsafePointer<UInt16>, v: UnsafePointer<UInt16>,
    mask: UnsafePointer<Float>? = nil, y: UnsafeMutablePointer<UInt16>, scratch: UnsafeMutableRawPointer
  ) {
    let values = scratch + keyByteCount
    let scores = (values + valueByteCount).assumingMemoryBound(to: Float.self)
    let weights = (values + valueByteCount + scoreByteCount).assumingMemoryBound(to: UInt16.self)
    let reciprocals = scores + rowsPerBlock * keys
    var packed = -1
    for task in tasks {
      let (head, block) = task.quotientAndRemainder(dividingBy: blocks)
      let (entry, h) = head.quotientAndRemainder(dividingBy: heads)
      let keyHead = h / (heads / keyHeads)
      if packed != entry * keyHeads + keyHead {
        packed = entry * keyHeads + keyHead
        packKeys(k + (entry * self.k.batch + keyHead * self.k.head), into: scratch)
        packValues(v + (entry * self.v.batch + keyHead * self.v.head), into: values)
      }
      let rows = block * rowsPerBlock..<min(queries, (block + 1) * rowsPerBlock)
      let query = q + (entry * self.q.batch + h * self.q.head + rows.lowerBound * self.q.position)
      multiply(
        RowSource(rows: query, stride: self.q.position, depth: width), rows: rows.count, scratch, keyPanels, keyDepth,
        c: scores, cStride: keys, .float32)
      let maskRow = mask.map {
        $0 + (entry * self.mask.batch + h * self.mask.head + rows.lowerBound * self.mask.position)
      }
      instructionSet.attentionWeights(
        scores, queries: rows, of: queries, keys: keys, scale: scale, isCausal: isCausal,
        mask: maskRow, maskStride: self.mask.position, reciprocals: reciprocals)
      for row in 0..<rows.count {
        // A query that sees no key.
        if reciprocals[row].isNaN {
          (weights + row * keys).update(repeating: 0, count: keys)
          continue
        }
        instructionSet.table.pointee.narrow_bf16(scores + row * keys, weights + row * keys, keys, reciprocals[row])
      }
      multiply(
        RowSource(rows: weights, stride: keys, depth: keys), rows: rows.count, values, valuePanels, valueDepth,
        c: y + (entry * self.y.batch + h * self.y.head + rows.lowerBound * self.y.position), cStride: self.y.position,
        .bfloat16)
    }
  }

  /// Kᵀ: pairs of neighbouring elements are transposed as one.
  private func packKeys(_ k: UnsafePointer<UInt16>, into scratch: UnsafeMutableRawPointer) {
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: keyByteCount)
    for panel in 0..<keyPanels.count {
      let column = panel * keyPanels.width
      instructionSet.table.pointee.transpose_4(
        k + column * self.k.position, self.k.position * 2, scratch + column * keyDepth * 2,
        keyPanels.paddedColumns(panel) * 4, keyPanels.columns(panel), width / 2)
    }
  }

  private func packValues(_ v: UnsafePointer<UInt16>, into scratch: UnsafeMutableRawPointer) {
    let panels = scratch.assumingMemoryBound(to: UInt16.self)
    for panel in 0..<valuePanels.count {
      let column = panel * valuePanels.width
      instructionSet.table.pointee.pair_bf16(
        v + column, self.v.position, keys, valueDepth, valuePanels.columns(panel), panels + column * valueDepth,
        valuePanels.paddedColumns(panel))
    }
  }

  private func multiply(
    _ a: RowSource, rows: Int, _ b: UnsafeMutableRawPointer, _ panels: Panels, _ depth: Int,
    c: UnsafeMutableRawPointer, cStride: Int, _ type: HalfOrFloat
  ) {
    for panel in 0..<panels.count {
      let column = panel * panels.width
      var arguments = GemmBF16(
        a: a, b: UnsafePointer(b.assumingMemoryBound(to: UInt16.self)) + column * depth,
        c: c + column * type.byteCount, c_stride: cStride, rows: rows, columns: panels.columns(panel),
        narrow: type == .bfloat16 ? 1 : 0,
        epilogue: EpilogueOperands().epilogue(Epilogue(), row: 0, column: 0, stride: cStride), next: nil, next_bytes: 0)
      instructionSet.table.pointee.gemm_bf16(&arguments)
    }
  }
}
