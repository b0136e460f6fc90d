public import HoneIR

/// Attention as products of matrices and a softmax: what is differentiated.
extension Attention: CompositeOp {
  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    let layout = try AttentionLayout(call, self)
    let rows = [layout.batch, layout.keyHeads, layout.group * layout.queries]
    let query = try heads(operands[0]!, layout.queryHeads, layout.depth, in: &g)
    var key = try heads(operands[1]!, layout.keyHeads, layout.depth, in: &g)
    var value = try heads(operands[2]!, layout.keyHeads, layout.width, in: &g)
    if let past = operands.optional(4) { key = try g.concat([past, key], axis: 2) }
    if let past = operands.optional(5) { value = try g.concat([past, value], axis: 2) }
    var product = Microsoft.FusedMatMul()
    (product.transB, product.alpha) = (true, scale ?? 1 / Float(layout.depth).squareRoot())
    var scores = try g.shaped(
      g.apply(product, g.shaped(query, rows + [layout.depth]), key),
      [layout.batch, layout.queryHeads, layout.queries, layout.keys])
    var stages = [scores]
    if softcap > 0 {
      let small = try g.apply(Mul(), scores, g.number(1 / Double(softcap), like: scores))
      scores = try g.apply(Mul(), g.apply(Tanh(), small), g.number(Double(softcap), like: scores))
    }
    stages.append(scores)
    let mask = try wholeMask(operands.optional(3), layout, in: &g)
    let open = try openKeys(mask, operands.optional(6), layout, in: &g)
    if let mask, g.tensorType(of: mask).element != .bool {
      // Finite, as below: scores of which all are −∞ have no softmax.
      scores = try g.apply(Add(), scores, g.apply(Max(), mask, g.number(-3e38, like: mask)))
    }
    stages.append(try open.map { open throws(GraphError) in try g.masked(scores, open, -.infinity) } ?? scores)
    // Finite, so that queries that see no key have a softmax, which is left out afterwards.
    if let open { scores = try g.masked(scores, open, -30000) }
    var weights = try g.apply(Softmax(), scores)
    if let open { weights = try g.masked(weights, open, 0) }
    stages.append(weights)
    let sums = try g.apply(MatMul(), g.shaped(weights, rows + [layout.keys]), value)
    var y = try g.shaped(sums, [layout.batch, layout.queryHeads, layout.queries, layout.width])
    if g.tensorType(of: operands[0]!).rank == 3 {
      y = try g.shaped(g.transpose(y, [0, 2, 1, 3]), [layout.batch, layout.queries, layout.queryHeads * layout.width])
    }
    guard stages.indices.contains(qk_matmul_output_mode) else {
      throw GraphError(.attribute, "qk_matmul_output_mode must be 0 to 3, is \(qk_matmul_output_mode)")
    }
    return Array([y, key, value, stages[qk_matmul_output_mode]].prefix(max(call.resultCount, 1)))
  }

  /// `x` as samples × heads × positions × features.
  private func heads(_ x: Value, _ count: Int, _ width: Int, in g: inout Graph) throws(GraphError) -> Value {
    let sizes = try g.sizes(of: x)
    guard sizes.count == 3 else { return x }
    return try g.transpose(g.shaped(x, [sizes[0], sizes[1], count, width]), [0, 2, 1, 3])
  }

  /// `mask` for all keys: those behind the last that it names are masked.
  private func wholeMask(_ mask: Value?, _ layout: AttentionLayout, in g: inout Graph) throws(GraphError) -> Value? {
    guard let mask else { return nil }
    var sizes = try g.sizes(of: mask)
    guard let last = sizes.last, last != layout.keys, last != 1 else { return mask }
    sizes[sizes.count - 1] = layout.keys - last
    let element = g.tensorType(of: mask).element
    let closed: Value
    if element == .bool {
      closed = g.constant(Tensor([Bool](repeating: false, count: sizes.reduce(1, *)), shape: sizes))
    } else {
      closed = try g.apply(Expand(), g.number(-30000, like: mask), g.constant(.integers(sizes)))
    }
    return try g.concat([mask, closed], axis: -1)
  }

  /// Which keys queries see, if not all.
  private func openKeys(_ mask: Value?, _ counts: Value?, _ layout: AttentionLayout, in g: inout Graph)
    throws(GraphError) -> Value?
  {
    var open: Value?
    if let mask, g.tensorType(of: mask).element == .bool { open = mask }
    let (queries, keys) = (layout.queries, layout.keys)
    let ranges: [(isWanted: Bool, op: any Op, shift: Int)] = [
      (is_causal, LessOrEqual(), 0), (right_window_size >= 0, LessOrEqual(), right_window_size),
      (left_window_size >= 0, GreaterOrEqual(), -left_window_size),
    ]
    guard counts != nil || ranges.contains(where: \.isWanted) else { return open }
    let all = g.constant(.integers(Array(0..<keys)))
    var position = g.constant(.integers((0..<queries).map { $0 + layout.past }).reshaped([queries, 1]))
    if let counts {
      let ends = try g.shaped(counts, [layout.batch, 1, 1, 1])
      open = try g.both(open, g.apply(Less(), all, ends))
      let back = g.constant(.integers((0..<queries).map { $0 - queries }).reshaped([queries, 1]))
      position = try g.apply(Add(), ends, back)
    }
    for (isWanted, op, shift) in ranges where isWanted {
      open = try g.both(open, g.apply(op, all, g.apply(Add(), position, g.constant(.scalar(Int64(shift))))))
    }
    return open
  }
}

extension Graph {
  fileprivate mutating func both(_ a: Value?, _ b: Value) throws(GraphError) -> Value {
    guard let a else { return b }
    return try apply(And(), a, b)
  }

  /// `x` where `open`, else `number`.
  fileprivate mutating func masked(_ x: Value, _ open: Value, _ number: Double) throws(GraphError) -> Value {
    try apply(Where(), open, x, self.number(number, like: x))
  }
}
