public import HoneIR

/// Attention as products of matrices and a softmax: what is differentiated.
extension Attention: CompositeOp {
  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    guard call.resultCount == 1, left_window_size < 0, right_window_size < 0, !(4...6).contains(where: call.has) else {
      throw GraphError(
        .unsupported, "attention with a past, counts of keys, windows or further results has no expansion")
    }
    let layout = try AttentionLayout(call, self)
    let rows = [layout.batch, layout.keyHeads, layout.group * layout.queries]
    let query = try heads(operands[0]!, layout.queryHeads, layout.depth, in: &g)
    let key = try heads(operands[1]!, layout.keyHeads, layout.depth, in: &g)
    let value = try heads(operands[2]!, layout.keyHeads, layout.width, in: &g)
    var product = Microsoft.FusedMatMul()
    (product.transB, product.alpha) = (true, scale ?? 1 / Float(layout.depth).squareRoot())
    var scores = try g.shaped(
      g.apply(product, g.shaped(query, rows + [layout.depth]), key),
      [layout.batch, layout.queryHeads, layout.queries, layout.keys])
    if softcap > 0 {
      let small = try g.apply(Mul(), scores, g.number(1 / Double(softcap), like: scores))
      scores = try g.apply(Mul(), g.apply(Tanh(), small), g.number(Double(softcap), like: scores))
    }
    let open = try openKeys(operands.optional(3), layout, in: &g)
    if let mask = operands.optional(3), g.tensorType(of: mask).element != .bool {
      scores = try g.apply(Add(), scores, mask)
    }
    if let open { scores = try g.apply(Where(), open, scores, g.number(-30000, like: scores)) }
    var weights = try g.apply(Softmax(), scores)
    if let open { weights = try g.apply(Where(), open, weights, g.number(0, like: weights)) }
    let sums = try g.apply(MatMul(), g.shaped(weights, rows + [layout.keys]), value)
    let y = try g.shaped(sums, [layout.batch, layout.queryHeads, layout.queries, layout.width])
    guard g.tensorType(of: operands[0]!).rank == 3 else { return [y] }
    return [
      try g.shaped(g.transpose(y, [0, 2, 1, 3]), [layout.batch, layout.queries, layout.queryHeads * layout.width])
    ]
  }

  /// `x` as samples × heads × positions × features.
  private func heads(_ x: Value, _ count: Int, _ width: Int, in g: inout Graph) throws(GraphError) -> Value {
    let sizes = try g.sizes(of: x)
    guard sizes.count == 3 else { return x }
    return try g.transpose(g.shaped(x, [sizes[0], sizes[1], count, width]), [0, 2, 1, 3])
  }

  /// Which keys queries see, if not all.
  private func openKeys(_ mask: Value?, _ layout: AttentionLayout, in g: inout Graph) throws(GraphError) -> Value? {
    var open: Value?
    if let mask, g.tensorType(of: mask).element == .bool { open = mask }
    if let mask, let last = try g.sizes(of: mask).last, last != layout.keys, last != 1 {
      throw GraphError(.unsupported, "a mask of \(last) of \(layout.keys) keys has no expansion")
    }
    guard is_causal else { return open }
    let keys = layout.keys
    let past = (0..<layout.queries * keys).map { $0 % keys <= $0 / keys }
    let causal = g.constant(Tensor(past, shape: [layout.queries, keys]))
    return try open.map { open throws(GraphError) in try g.apply(And(), open, causal) } ?? causal
  }
}
