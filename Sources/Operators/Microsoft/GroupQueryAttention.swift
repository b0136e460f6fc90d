public import HoneIR

extension Microsoft {
  /// Causal attention in which several heads of the queries share one of the keys and values, with a cache.
  ///
  /// Operands: query `[batch, steps, heads · width]`, key, value, past keys and values `[batch, key heads, room, width]`, the
  /// number of valid positions of each sample less one, the number of all positions, cosines, sines, positions, attention bias.
  /// Results: output, keys and values with the past. Without key and value, `query` holds all three behind one another.
  ///
  /// Where all positions are as many as the new ones, these are the first; otherwise a sample's are the last that are valid. What
  /// the past holds behind the valid positions is of no account. A past with room for all positions stays as long as it is.
  public struct GroupQueryAttention: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["num_heads", "kv_num_heads"]
    public var do_rotary = false
    public var k_quant_type = "NONE"
    public var kv_cache_bit_width = 0
    public var kv_num_heads = 0
    /// Keys that a query sees, its own among them; all before it where negative.
    public var local_window_size = -1
    public var num_heads = 0
    public var qk_output = 0
    public var rotary_interleaved = false
    public var scale: Float?
    public var smooth_softmax = -1
    public var softcap: Float = 0
    public var v_quant_type = "NONE"
    public init() {}

    public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
      try check(call)
      let query = try call.tensor(0)
      guard let shape = query.shape else { return Array(repeating: .tensor(query), count: max(call.resultCount, 1)) }
      guard shape.count == 3, call.has(1) == call.has(2) else {
        throw GraphError(.type, "the query must have 3 axes, with both key and value or with neither; is \(query)")
      }
      let heads = Dimension(call.has(1) ? num_heads : num_heads + 2 * kv_num_heads)
      let width = shape[2] / heads
      let cache = [shape[0], Dimension(kv_num_heads), try presentLength(call) ?? call.unknownSize(), width]
      let present = ValueType.tensor(query.element, cache)
      let output = ValueType.tensor(query.element, [shape[0], shape[1], width * Dimension(num_heads)])
      return Array([output, present, present].prefix(max(call.resultCount, 1)))
    }

    /// The positions that keys and values have then, if that can be told.
    private func presentLength(_ call: Call) throws(GraphError) -> Dimension? {
      guard call.has(3) else { return try call.shape(0)?[1] }
      guard let past = try call.shape(3)?[2], let total = call.symbolic(6)?.first else { return nil }
      if let a = past.size, let b = total.size { return Dimension(max(a, b)) }
      return (total - past).isNonNegative ? total : nil
    }

    private func check(_ call: Call) throws(GraphError) {
      try call.expectOperands(7...14)
      guard num_heads > 0, kv_num_heads > 0, num_heads % kv_num_heads == 0 else {
        throw GraphError(.attribute, "\(num_heads) query heads are no multiple of \(kv_num_heads) key heads")
      }
      guard smooth_softmax != 1, !call.has(11) else {
        throw GraphError(.unsupported, "smooth_softmax and sinks of heads are not supported")
      }
      guard k_quant_type == "NONE", v_quant_type == "NONE", !call.has(12), !call.has(13) else {
        throw GraphError(.unsupported, "quantized keys and values are not supported")
      }
      guard qk_output == 0, call.resultCount <= 3 else {
        throw GraphError(.unsupported, "scores as a result are not supported")
      }
      guard call.has(3) == call.has(4) else { throw GraphError(.arity, "past keys and values come together") }
      guard !do_rotary || call.has(7) && call.has(8) else {
        throw GraphError(.arity, "do_rotary needs cosines and sines")
      }
    }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try check(call)
      let steps = try call.sizes(0)[1]
      let total = try call.requireKnown(6, "the number of all positions").integer(at: 0)
      let batch = try call.sizes(0)[0]
      let room = call.has(3) ? try call.sizes(3)[2] : 0
      let length = max(total, room)
      guard total >= steps, call.has(3) || total == steps else {
        throw GraphError(
          .input, "\(steps) new positions and \(room) past ones are not the \(total) that there should be")
      }
      // Where each sample's new positions begin.
      var starts = g.constant(Tensor([Int64](repeating: 0, count: batch), shape: [batch]))
      if total > steps {
        let last = try g.reshape(try g.cast(try operands.required(5), to: .int64), batch)
        starts = try g.apply(Add(), last, g.constant(.scalar(Int64(1 - steps))))
      }
      let numbers = g.constant(.integers(Array(0..<steps)))
      var positions = operands.optional(9)
      if do_rotary, positions == nil { positions = try g.apply(Add(), try g.unsqueeze(starts, 1), numbers) }
      var (query, key, value) = try heads(operands, in: &g)
      (query, key) = try rotated(query, key, operands, positions, in: &g)
      guard length > steps else {
        let y = try g.apply(
          attention, [query, key, value] + (operands.optional(10).map { [$0] } ?? []), resultCount: 1)
        return Array([try merged(y[0], in: &g), key, value].prefix(max(call.resultCount, 1)))
      }
      let keys = try written(key, behind: try operands.required(3), length - room, starts, in: &g)
      let values = try written(value, behind: try operands.required(4), length - room, starts, in: &g)
      let ends = try g.apply(Add(), starts, g.constant(.scalar(Int64(steps))))
      let y = try g.apply(
        attention, [query, keys, values, operands.optional(10), nil, nil, ends], resultCount: 1)
      return Array([try merged(y[0], in: &g), keys, values].prefix(max(call.resultCount, 1)))
    }

    /// The results where all of the past is valid in every sample, which nothing needs to say: `Attention` with past keys and
    /// values.
    public func expandWithWholePast(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value]
    {
      try check(call)
      let (query, past) = (try operands.required(0), try operands.required(3))
      let first = try g.gather(try g.apply(Shape(), past), g.constant(.scalar(Int64(2))))
      let count = try g.gather(try g.apply(Shape(), query), g.constant(.scalar(Int64(1))))
      var positions = operands.optional(9)
      if do_rotary, positions == nil {
        let range = try g.apply(
          NumberRange(), first, try g.apply(Add(), first, count), g.constant(.scalar(Int64(1))))
        var sizes = Shape()
        (sizes.start, sizes.end) = (0, 2)
        positions = try g.apply(Expand(), range, try g.apply(sizes, query))
      }
      var (q, k, v) = try heads(operands, in: &g)
      (q, k) = try rotated(q, k, operands, positions, in: &g)
      let results = try g.apply(
        attention, [q, k, v, operands.optional(10), past, try operands.required(4)], resultCount: 3)
      return Array([try merged(results[0], in: &g), results[1], results[2]].prefix(max(call.resultCount, 1)))
    }

    private var attention: HoneOperators.Attention {
      var attention = HoneOperators.Attention()
      attention.is_causal = true
      (attention.scale, attention.softcap) = (scale == 0 ? nil : scale, softcap)
      if local_window_size > 0 { attention.left_window_size = local_window_size - 1 }
      return attention
    }

    /// Queries, keys and values as `[batch, heads, steps, width]`.
    private func heads(_ operands: [Value?], in g: inout Graph) throws(GraphError) -> (Value, Value, Value) {
      var parts = [try operands.required(0)]
      if let key = operands.optional(1), let value = operands.optional(2) {
        parts += [key, value]
      } else {
        guard let all = g.tensorType(of: parts[0]).shape?.last?.size else {
          throw GraphError(.unsupported, "the width of the queries is not known")
        }
        let width = all / (num_heads + 2 * kv_num_heads)
        parts = try g.pieces(parts[0], [num_heads, kv_num_heads, kv_num_heads].map { $0 * width })
      }
      func split(_ x: Value, _ count: Int, _ g: inout Graph) throws(GraphError) -> Value {
        g.tensorType(of: x).rank == 4 ? x : try g.transpose(try g.reshape(x, 0, 0, count, -1), [0, 2, 1, 3])
      }
      return (
        try split(parts[0], num_heads, &g), try split(parts[1], kv_num_heads, &g), try split(parts[2], kv_num_heads, &g)
      )
    }

    private func merged(_ x: Value, in g: inout Graph) throws(GraphError) -> Value {
      try g.reshape(try g.transpose(x, [0, 2, 1, 3]), 0, 0, -1)
    }

    /// Queries and keys turned by the angles of `positions`, `[batch, steps]`.
    private func rotated(
      _ query: Value, _ key: Value, _ operands: [Value?], _ positions: Value?, in g: inout Graph
    ) throws(GraphError) -> (Value, Value) {
      guard do_rotary, let positions, let cosines = operands.optional(7), let sines = operands.optional(8) else {
        return (query, key)
      }
      var rotary = HoneOperators.RotaryEmbedding()
      rotary.interleaved = rotary_interleaved
      rotary.rotary_embedding_dim = 2 * (g.tensorType(of: cosines).shape?.last?.size ?? 0)
      return (
        try g.apply(rotary, query, cosines, sines, positions), try g.apply(rotary, key, cosines, sines, positions)
      )
    }

    /// `past` with `more` positions of room, in which `new` positions stand from each sample's start on.
    private func written(_ new: Value, behind past: Value, _ more: Int, _ starts: Value, in g: inout Graph)
      throws(GraphError) -> Value
    {
      var cache = past
      if more > 0 {
        var sizes = try g.sizes(of: past)
        sizes[2] = more
        cache = try g.concat([past, try g.zeros(sizes, g.tensorType(of: past).element)], axis: 2)
      }
      var scatter = TensorScatter()
      scatter.axis = 2
      return try g.apply(scatter, cache, new, starts)
    }
  }
}
