public import HoneIR

/// Linear attention written out position by position: what is differentiated.
extension LinearAttention: CompositeOp {
  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    let step = try LinearAttentionStep(call, self)
    let (batch, heads, depth, width) = (step.batch, step.keyHeads, step.depth, step.width)
    let element = try call.element(0)
    guard step.length > 0 else { throw GraphError(.unsupported, "attention without positions has no expansion") }
    let factor = Double(scale == 0 ? 1 / Float(depth).squareRoot() : scale)
    let scaled = try g.apply(Mul(), operands[0], g.number(factor, like: operands[0]!))
    let queries = try positions(scaled, [batch, heads, step.group, depth], step.length, in: &g)
    let keys = try positions(operands[1]!, [batch, heads, depth, 1], step.length, in: &g)
    let values = try positions(operands[2]!, [batch, heads, 1, width], step.length, in: &g)
    var decays: [Value] = [], betas: [Value] = []
    if let decay = operands.optional(4) {
      let count = try g.sizes(of: decay)[2] / heads
      decays = try positions(g.apply(Exp(), decay), [batch, heads, count, 1], step.length, in: &g)
    }
    if let beta = operands.optional(5) {
      betas = try positions(beta, [batch, try g.sizes(of: beta)[2], 1, 1], step.length, in: &g)
    }
    var state = try operands.optional(3).map { past throws(GraphError) in try g.cast(past, to: element) }
    var results: [Value] = []
    for t in 0..<step.length {
      if let before = state, !decays.isEmpty { state = try g.apply(Mul(), before, decays[t]) }
      var change = values[t]
      if !betas.isEmpty {
        if let before = state {
          var recall = Microsoft.FusedMatMul()
          recall.transA = true
          change = try g.apply(Sub(), change, g.apply(recall, keys[t], before))
        }
        change = try g.apply(Mul(), change, betas[t])
      }
      let added = try g.apply(MatMul(), keys[t], change)
      state = try state.map { before throws(GraphError) in try g.apply(Add(), before, added) } ?? added
      let read = try g.apply(MatMul(), queries[t], state)
      results.append(try g.shaped(read, [batch, 1, heads * step.group * width]))
    }
    let y = results.count == 1 ? results[0] : try g.concat(results, axis: 1)
    guard call.resultCount > 1 else { return [y] }
    return [y, try g.cast(state!, to: call.has(3) ? call.element(3) : element)]
  }

  /// What `x` `[batch, steps, …]` is at each position, in shape `sizes`.
  private func positions(_ x: Value, _ sizes: [Int], _ count: Int, in g: inout Graph) throws(GraphError) -> [Value] {
    var split = Split()
    split.axis = 1
    let parts =
      try count == 1
      ? [x]
      : g.apply(split, [x, g.constant(.integers([Int](repeating: 1, count: count)))], resultCount: count)
    return try parts.map { part throws(GraphError) in try g.shaped(part, sizes) }
  }
}
