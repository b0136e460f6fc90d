public import HoneIR
import HoneKernels

/// y = softmax(scale·q·kᵀ)·v for each head of each sample, whose rows lie behind one another without padding.
///
/// Operands: q, k, v `[rows, heads·size]`, float32 or bfloat16; the offsets `[batch + 1]` and places `[batch, length]` of
/// `ValidRows`, the places only for the length that no sample exceeds. Rows that belong to no sample become zeros. Made by
/// lowering and never exported. With `columns`, q, k and v are columns of wider operands: see `JointAttention`.
public struct RaggedAttention: ExecutableOp {
  public static var domain: String { NHWC.domain }
  /// The first columns of q, k and v; empty if their operands hold nothing else.
  public var columns: [Int] = []
  /// Columns of a head of q and k, and of v, where there are `columns`.
  public var head_sizes: [Int] = []
  /// A row sees no later rows.
  public var is_causal = false
  public var kv_num_heads = 1
  public var q_num_heads = 1
  /// 1/√size if absent.
  public var scale: Float?
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(5...5)
    let (q, v) = (try call.tensor(0), try call.tensor(2))
    guard q_num_heads > 0, kv_num_heads > 0, q_num_heads % kv_num_heads == 0 else {
      throw GraphError(.attribute, "\(q_num_heads) query heads are no multiple of \(kv_num_heads) key heads")
    }
    guard let queries = q.shape, let values = v.shape else { return [.tensor(q.with(shape: nil))] }
    guard queries.count == 2, values.count == 2 else { throw GraphError(.type, "needs matrices: \(q), \(v)") }
    guard columns.isEmpty || columns.count == 3 && head_sizes.count == 2 else {
      throw GraphError(.attribute, "needs 3 columns and 2 sizes of heads, has \(columns) and \(head_sizes)")
    }
    let size = columns.isEmpty ? values[1] / Dimension(kv_num_heads) : Dimension(head_sizes[1])
    return [.tensor(q.with(shape: [queries[0], size * Dimension(q_num_heads)]))]
  }

  /// Sizes that all forms of the kernel share.
  private struct Layout {
    var rows, batch, longest, width, valueWidth: Int
    /// First columns of q, k and v, and elements between rows of each.
    var first = [0, 0, 0]
    var strides: [Int]

    init(_ call: Call, _ op: RaggedAttention) throws(GraphError) {
      let (q, k, v) = (try call.sizes(0), try call.sizes(1), try call.sizes(2))
      let (offsets, places) = (try call.sizes(3), try call.sizes(4))
      (rows, batch, longest) = (q[0], places[0], places[1])
      (width, valueWidth) = (q[1] / op.q_num_heads, v[1] / op.kv_num_heads)
      strides = [q[1], k[1], v[1]]
      var fits = strides == [width * op.q_num_heads, width * op.kv_num_heads, valueWidth * op.kv_num_heads]
      if !op.columns.isEmpty {
        (first, width, valueWidth) = (op.columns, op.head_sizes[0], op.head_sizes[1])
        var attention = Attention()
        (attention.q_num_heads, attention.kv_num_heads) = (op.q_num_heads, op.kv_num_heads)
        fits = AttentionColumns(first: first, headSize: width, valueHeadSize: valueWidth).fit(strides, attention)
      }
      guard fits, k[0] == rows, v[0] == rows, offsets == [batch + 1], try call.element(3) == .int32
      else { throw GraphError(.type, "query, key, value and offsets do not fit: \(q), \(k), \(v), \(offsets)") }
      guard rows * batch * longest * width * valueWidth > 0 else {
        throw GraphError(.unsupported, "has no kernel for empty operands")
      }
    }

    func strides(_ operand: Int) -> ScaledDotProductAttention.Strides {
      .init(batch: 0, head: operand == 2 ? valueWidth : width, position: strides[operand])
    }
    func result(heads: Int) -> ScaledDotProductAttention.Strides {
      .init(batch: 0, head: valueWidth, position: heads * valueWidth)
    }

    /// The samples' rows are rows of the operands, and none has more than the longest.
    func contains(_ offsets: UnsafePointer<Int32>) -> Bool {
      offsets[0] == 0 && offsets[batch] <= rows
        && (0..<batch).allSatisfy { (0...longest).contains(Int(offsets[$0 + 1]) - Int(offsets[$0])) }
    }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let elements = [try call.element(0), try call.element(1), try call.element(2)]
    guard elements.allSatisfy({ $0 == elements[0] }) else { throw GraphError(.type, "operands differ in type") }
    let layout = try Layout(call, self)
    switch elements[0] {
    case .float32: return wideKernel(layout)
    case .bfloat16 where layout.width % 2 == 0: return narrowKernel(layout)
    case let other: throw .unsupported(other)
    }
  }

  private func wideKernel(_ layout: Layout) -> Kernel {
    let plan = ScaledDotProductAttention(
      batch: 1, heads: q_num_heads, keyHeads: kv_num_heads, queries: layout.longest, keys: layout.longest,
      width: layout.width, valueWidth: layout.valueWidth, scale: scale, isCausal: is_causal,
      q: layout.strides(0), k: layout.strides(1), v: layout.strides(2), y: layout.result(heads: q_num_heads))
    let (q, k, v) = (layout.first[0], layout.first[1], layout.first[2])
    return kernel(layout, scratch: plan.scratchByteCount, byteWidth: 4) { frame, tasks, rows in
      plan.run(
        tasks: tasks, of: rows, q: frame.operand(0) + q, k: frame.operand(1) + k, v: frame.operand(2) + v,
        y: frame.result(), scratch: frame.scratch)
    }
  }

  private func narrowKernel(_ layout: Layout) -> Kernel {
    let plan = BFloat16Attention(
      batch: 1, heads: q_num_heads, keyHeads: kv_num_heads, queries: layout.longest, keys: layout.longest,
      width: layout.width, valueWidth: layout.valueWidth, scale: scale ?? 1 / Float(layout.width).squareRoot(),
      isCausal: is_causal, q: layout.strides(0), k: layout.strides(1), v: layout.strides(2),
      y: layout.result(heads: q_num_heads))
    let (q, k, v) = (layout.first[0], layout.first[1], layout.first[2])
    return kernel(layout, scratch: plan.scratchByteCount, byteWidth: 2) { frame, tasks, rows in
      plan.run(
        tasks: tasks, of: rows, q: frame.operand(0) + q, k: frame.operand(1) + k, v: frame.operand(2) + v,
        y: frame.result(), scratch: frame.scratch)
    }
  }

  /// `body` for all heads of all samples; the last task writes the rows that belong to none.
  private func kernel(
    _ layout: Layout, scratch: Int, byteWidth: Int,
    _ body: @escaping @Sendable (borrowing Frame, Range<Int>, RaggedRows) -> Void
  ) -> Kernel {
    let count = q_num_heads * layout.batch
    let row = layout.valueWidth * q_num_heads * byteWidth
    return Kernel(tasks: count + 1, scratch: scratch) { frame, range in
      let offsets = frame.operand(3, as: Int32.self)
      guard layout.contains(offsets) else { return frame.fail(.indexOutOfRange) }
      body(
        frame, min(range.lowerBound, count)..<min(range.upperBound, count),
        RaggedRows(offsets: offsets, sequences: layout.batch))
      guard range.upperBound > count else { return }
      let used = Int(offsets[layout.batch])
      (frame.resultBytes() + used * row).initializeMemory(
        as: UInt8.self, repeating: 0, count: (layout.rows - used) * row)
    }
  }
}
