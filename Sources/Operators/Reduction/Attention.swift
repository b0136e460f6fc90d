public import HoneIR
import HoneKernels

/// y = softmax(scale·q·kᵀ + mask)·v for each head; queries of several heads may share keys and values.
///
/// Operands: q, k, v, mask, past keys, past values, valid keys of each sample. Further results: keys and values with the past
/// before them, and the scores at the stage that `qk_matmul_output_mode` names.
public struct Attention: RowKernelOp {
  public var is_causal = false
  public var kv_num_heads: Int?
  public var q_num_heads: Int?
  public var qk_matmul_output_mode = 0
  public var scale: Float?
  public var softcap: Float = 0
  public var softmax_precision: ElementType?
  public var left_window_size = -1
  public var right_window_size = -1
  public init() {}
  public static var since: Int { 25 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...7)
    let (q, k, v) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
    guard call.has(4) == call.has(5) else { throw GraphError(.arity, "past keys and values come together") }
    guard !(call.has(4) && call.has(6)) else {
      throw GraphError(.arity, "past keys and counts of valid keys exclude each other")
    }
    var shapes: [[Dimension]?] = [nil, nil, nil, nil]
    if let query = q.shape, let key = k.shape, let value = v.shape {
      guard query.count == key.count, key.count == value.count, query.count == 3 || query.count == 4 else {
        throw GraphError(.type, "needs 3 or 4 axes each: \(q), \(k), \(v)")
      }
      shapes = try resultShapes(query, key, value, past: call.has(4) ? call.shape(4)?[2] ?? call.unknownSize() : 0)
    }
    let elements = [q.element, k.element, v.element, q.element]
    let all = zip(elements, shapes).map { ValueType.tensor($0, $1) }
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  private func resultShapes(
    _ q: [Dimension], _ k: [Dimension], _ v: [Dimension], past: Dimension
  ) throws(GraphError) -> [[Dimension]] {
    if q.count == 4 {
      let total = k[2] + past
      return [
        [q[0], q[1], q[2], v[3]], [k[0], k[1], total, k[3]], [v[0], v[1], total, v[3]], [q[0], q[1], q[2], total],
      ]
    }
    guard let q_num_heads, let kv_num_heads, q_num_heads > 0, kv_num_heads > 0 else {
      throw GraphError(.attribute, "operands of 3 axes need q_num_heads and kv_num_heads")
    }
    let (queryHeads, keyHeads) = (Dimension(q_num_heads), Dimension(kv_num_heads))
    let (total, width) = (k[1] + past, v[2] / keyHeads)
    return [
      [q[0], q[1], queryHeads * width], [k[0], keyHeads, total, k[2] / keyHeads], [v[0], keyHeads, total, width],
      [q[0], queryHeads, q[1], total],
    ]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .bfloat16 else { return try rowKernel(call) }
    let layout = try AttentionLayout(call, self)
    if let kernel = try narrowKernel(call, layout) { return kernel }
    if let counted = try CountedAttention(call, self, layout) { return counted.kernel() }
    return try rowKernel(call)
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    try kernel(call, AttentionLayout(call, self), as: T.self)
  }

  func kernel<T: RowElement>(_ call: Call, _ layout: AttentionLayout, as _: T.Type) throws(GraphError) -> Kernel {
    if T.self == Float.self, let plan = try plainPlan(call, layout) {
      let (hasMask, hasCounts) = (call.has(3), call.has(6))
      let (q, k, v) = (layout.q.first, layout.k.first, layout.v.first)
      return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
        plan.run(
          tasks: range, counts: hasCounts ? frame.operand(6) : nil, q: frame.operand(0) + q, k: frame.operand(1) + k,
          v: frame.operand(2) + v, mask: hasMask ? frame.operand(3) : nil, y: frame.result(), scratch: frame.scratch)
      }
    }
    if T.self == Float.self, let counted = try CountedAttention(call, self, layout) { return counted.kernel() }
    return try AttentionKernel(call, self, layout).kernel(T.self)
  }

  /// The plan for attention that masks nothing, the future, by numbers for every key, or what is behind the valid keys, and
  /// has one result.
  private func plainPlan(_ call: Call, _ layout: AttentionLayout) throws(GraphError) -> ScaledDotProductAttention? {
    guard try isPlain(call, layout), let mask = try maskStrides(call, layout),
      !is_causal || call.has(6) || !call.has(3)
    else { return nil }
    return ScaledDotProductAttention(
      batch: layout.batch, heads: layout.queryHeads, keyHeads: layout.keyHeads, queries: layout.queries,
      keys: layout.keys,
      width: layout.depth, valueWidth: layout.width, scale: scale, isCausal: is_causal, q: layout.q.strides,
      k: layout.k.strides, v: layout.v.strides, y: layout.y.strides, mask: mask)
  }

  /// Whether it has one result and no past, and masks neither by windows nor by cut-off scores, so that it gains from packing
  /// keys and values.
  func isPlain(_ call: Call, _ layout: AttentionLayout) throws(GraphError) -> Bool {
    guard softcap == 0, left_window_size < 0, right_window_size < 0, !(4...5).contains(where: call.has),
      !(1...3).contains(where: call.isUsed),
      layout.batch * layout.queries * layout.keys * layout.depth * layout.width > 0
    else { return false }
    guard call.has(6) else { return !is_causal || layout.queries == layout.keys }
    guard try call.tensor(6) == TensorType(.int64, [layout.batch]) else { return false }
    return layout.queries > CountedAttention.mostQueries
  }

  /// How far apart the rows of a float32 mask for every key lie; nil for other masks.
  func maskStrides(_ call: Call, _ layout: AttentionLayout) throws(GraphError) -> ScaledDotProductAttention.Strides? {
    guard call.has(3) else { return .init(batch: 0, head: 0, position: 0) }
    let (sizes, target) = (try call.sizes(3), [layout.batch, layout.queryHeads, layout.queries, layout.keys])
    guard try call.element(3) == .float32, sizes.last == layout.keys, sizes.count <= 4,
      zip(sizes.reversed(), target.reversed()).allSatisfy({ $0 == $1 || $0 == 1 })
    else { return nil }
    let strides = broadcastStrides(of: sizes, to: target)
    return .init(batch: strides[0], head: strides[1], position: strides[2])
  }
}
