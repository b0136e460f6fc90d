import HoneIR
import HoneOperators

extension CacheRewriting {
  /// A node that is made again as it was, if it leaves alone what is behind the valid positions.
  mutating func rewriteOther(_ node: Node) throws(GraphError) {
    let operands = try bring(node.operands)
    if node.op is NumberRange { return try rewriteRange(node, operands) }
    if node.op is Slice, let axes = slicedAxes(node, operands) { return try rewriteSlice(node, operands, axes) }
    if let softmax = node.op as? Softmax, try masks(softmax, node) {
      return try rewriteSoftmax(softmax, node, operands)
    }
    let isPadded = (node.operands + node.results).contains { !layout.paddedAxes($0, in: old).isEmpty }
    let isDual = operands.contains { $0?.isDual ?? false }
    if node.op is any RegionOp, isPadded || isDual {
      throw GraphError(.unsupported, "its branches depend on past positions")
    }
    if isPadded { try requireIndependence(node) }
    let sizeOperands = Self.sizeOperands(of: node.op)
    func chosen(_ pick: (Mapped) -> Value) throws(GraphError) -> [Value?] {
      var values: [Value?] = []
      for (i, operand) in operands.enumerated() {
        guard let operand else {
          values.append(nil)
          continue
        }
        if sizeOperands.contains(i) { try requireSize(operand.size) }
        values.append(sizeOperands.contains(i) ? operand.size : pick(operand))
      }
      return values
    }
    let data = try chosen(\.data)
    let results = try emit(node.op, data, resultCount: node.results.count, like: node)
    let carriesSizes = isDual && node.results.count == 1 && (old.rank(of: node.result) ?? 2) < 2
    let sizes = try chosen(\.size)
    if carriesSizes, sizes != data {
      set(node.result, to: Mapped(size: try emit(node.op, sizes)[0], data: results[0]))
    } else {
      for (old, new) in zip(node.results, results) { set(old, to: Mapped(new)) }
    }
    if isZeroed(node, operands) { zeroed.insert(results[0]) }
  }

  /// Operands that say which shape the result has.
  private static func sizeOperands(of op: any Op) -> Set<Int> {
    switch op {
    case is Reshape, is Expand, is Tile, is Split: [1]
    case is ConstantOfShape: [0]
    default: []
    }
  }

  /// Zero stays zero where elements are only moved or scaled.
  private func isZeroed(_ node: Node, _ operands: [Mapped?]) -> Bool {
    func isZero(_ i: Int) -> Bool { i < operands.count && (operands[i].map { zeroed.contains($0.data) } ?? false) }
    switch node.op {
    case is Cast, is Identity, is Transpose, is Reshape, is Unsqueeze, is Squeeze, is Expand: return isZero(0)
    case is Mul: return isZero(0) || isZero(1)
    case is Where: return isZero(2) && old.scalar(node.operands[1]) == 0
    default: return false
    }
  }

  // MARK: What may happen along positions

  /// Throws unless what is behind the valid positions stays there.
  private func requireIndependence(_ node: Node) throws(GraphError) {
    let axes = node.operands.map { layout.paddedAxes($0, in: old) }
    guard !keepsPositions(node, axes) else { return }
    throw GraphError(
      .unsupported,
      "computes along the past positions in a way that a cache of fixed size does not allow: \(node.operands.compactMap { $0.map { old.type(of: $0).description } }.joined(separator: ", "))"
    )
  }

  private func keepsPositions(_ node: Node, _ axes: [[Int]]) -> Bool {
    let rank = old.rank(of: node.operands.first ?? nil) ?? 0
    func along(_ axis: Int) -> Bool { axes.first?.contains(axis < 0 ? axis + rank : axis) ?? false }
    switch node.op {
    case is any ElementwiseOp, is Where, is Expand, is Transpose, is Unsqueeze, is Squeeze, is Identity,
      is ConstantOfShape,
      is Trilu:
      return true
    case is Reshape, is Flatten:
      return node.operands[0].map { keepsOrder(from: $0, to: node.result) } ?? false
    case let concat as Concat:
      let rank = old.rank(of: node.result) ?? 0
      let axis = concat.axis < 0 ? concat.axis + rank : concat.axis
      return !axes.contains { $0.contains(axis) }
    case let gather as Gather:
      // Behind the valid positions there are positions too, so that any index that is one is valid.
      return !along(gather.axis) || old.integers(node.operands[1])?.allSatisfy { $0 >= 0 } ?? true
    case let gather as GatherND: return gather.batch_dims == 0
    case let softmax as Softmax: return !along(softmax.axis)
    case let sum as CumSum:
      return !sum.reverse && (old.integers(node.operands[1])?.first != nil)
    case is MatMul: return contracts(node, axes, false, false)
    case let product as Microsoft.FusedMatMul:
      return !product.transBatchA && !product.transBatchB && contracts(node, axes, product.transA, product.transB)
    case is Attention: return axes.enumerated().allSatisfy { $1.isEmpty || $0 == 3 }
    default: return false
    }
  }

  /// The product's sum does not go over positions, or is over zeros behind the valid ones.
  private func contracts(_ node: Node, _ axes: [[Int]], _ transA: Bool, _ transB: Bool) -> Bool {
    guard let a = node.operands[0], let b = node.operands[1], let m = old.rank(of: a), let n = old.rank(of: b) else {
      return false
    }
    let left = m == 1 ? 0 : transA ? m - 2 : m - 1, right = n == 1 ? 0 : transB ? n - 1 : n - 2
    guard axes[0].contains(left) || axes[1].contains(right) else { return true }
    return [a, b].contains { value in (try? mapped(value)).map { zeroed.contains($0.data) } ?? false }
  }

  /// One axis of positions, with as many elements before it and behind it.
  private func keepsOrder(from x: Value, to y: Value) -> Bool {
    guard let before = old.shape(of: x), let after = old.shape(of: y) else { return false }
    let (a, b) = (layout.paddedAxes(x, in: old), layout.paddedAxes(y, in: old))
    guard a.count == 1, b.count == 1, before[a[0]] == after[b[0]] else { return a.isEmpty && b.isEmpty }
    func product(_ sizes: ArraySlice<Dimension>) -> Dimension { sizes.reduce(1, *) }
    return product(before[..<a[0]]) == product(after[..<b[0]])
      && product(before[(a[0] + 1)...]) == product(after[(b[0] + 1)...])
  }

  // MARK: Softmax

  private func masks(_ softmax: Softmax, _ node: Node) throws(GraphError) -> Bool {
    guard let rank = old.rank(of: node.result) else { return false }
    return layout.paddedAxes(node.result, in: old).contains(softmax.axis < 0 ? softmax.axis + rank : softmax.axis)
  }

  /// A softmax over positions sees the valid ones only.
  private mutating func rewriteSoftmax(_ softmax: Softmax, _ node: Node, _ operands: [Mapped?]) throws(GraphError) {
    let x = operands[0]!.data
    let rank = old.rank(of: node.result)!
    let axis = softmax.axis < 0 ? softmax.axis + rank : softmax.axis
    var sizes = Array(repeating: 1, count: rank)
    sizes[axis] = layout.capacity
    let positions = new.constant(Tensor.integers(Array(0..<layout.capacity)).reshaped(sizes))
    let valid = try emit(Less(), positions, end)
    let hidden = try new.number(-.infinity, like: x)
    let scores = try emit(Where(), valid, x, hidden)
    let result = try emit(softmax, [scores], like: node)[0]
    zeroed.insert(result)
    set(node.result, to: Mapped(result))
  }

  // MARK: Ranges and parts

  /// Numbers from a start that counts the past are those from the start of the same size, moved.
  private mutating func rewriteRange(_ node: Node, _ operands: [Mapped?]) throws(GraphError) {
    let (start, limit, delta) = (operands[0]!, operands[1]!, operands[2]!)
    guard !delta.isDual else { throw GraphError(.unsupported, "its step depends on the number of past positions") }
    for value in [start.size, limit.size, delta.size] { try requireSize(value) }
    var result = try emit(node.op, [start.size, limit.size, delta.size], like: node)[0]
    if start.isDual { result = try emit(Add(), result, try emit(Sub(), start.data, start.size)) }
    set(node.result, to: Mapped(result))
  }

  struct Cut {
    var axis: Int
    var start, end: Dimension
  }

  /// The parts that a slice takes, if it cuts positions or where it cuts depends on how many there are.
  private func slicedAxes(_ node: Node, _ operands: [Mapped?]) -> [Cut]? {
    guard let data = node.operands[0], let rank = old.rank(of: data), let starts = node.operands[1],
      let ends = node.operands[2]
    else { return nil }
    func elements(_ value: Value) -> [Dimension]? {
      old.constant(value).map { $0.integers.map { Dimension($0) } } ?? old.symbolic(value)
    }
    guard let from = elements(starts), let to = elements(ends), from.count == to.count else { return nil }
    let axes = node.operands.count > 3 && node.operands[3] != nil ? old.integers(node.operands[3]) : Array(from.indices)
    guard let axes, axes.count == from.count else { return nil }
    let cuts = axes.indices.map { Cut(axis: axes[$0] < 0 ? axes[$0] + rank : axes[$0], start: from[$0], end: to[$0]) }
    let padded = layout.paddedAxes(data, in: old)
    let isSpecial = operands[1]!.isDual || operands[2]!.isDual || cuts.contains { padded.contains($0.axis) }
    return isSpecial ? cuts : nil
  }

  private mutating func rewriteSlice(_ node: Node, _ operands: [Mapped?], _ cuts: [Cut]) throws(GraphError) {
    let data = node.operands[0]!
    let shape = old.shape(of: data)!
    if node.operands.count > 4, let steps = node.operands[4], old.integers(steps)?.contains(where: { $0 != 1 }) ?? true
    {
      throw GraphError(.unsupported, "takes every other of the positions")
    }
    var result = operands[0]!.data
    for (i, cut) in cuts.enumerated() {
      let size = shape[cut.axis]
      let isWhole = cut.end == size || (cut.end.size ?? 0) >= Int(Int32.max)
      let end = cut.end.size.map { $0 < 0 ? size + cut.end : isWhole ? size : cut.end } ?? cut.end
      if cut.start == 0, isWhole, layout.isPadded(size) { continue }
      // Where it starts, counted from the front.
      let isBehind = cut.start.size.map { $0 < 0 } ?? (Dimension(0) - cut.start).isNonNegative
      let start = isBehind ? size + cut.start : cut.start
      guard layout.isPadded(start) else {
        if layout.isPadded(size), end != layout.newCount || start != 0 {
          throw GraphError(
            .unsupported, "takes \(start) up to \(cut.end) of all positions; it may take all, or the new ones")
        }
        try requireRoom(size, end, node)
        result = try emit(
          Slice(),
          [
            result, try element(i, of: operands[1]!.size), try element(i, of: operands[2]!.size),
            new.constant(.integers([cut.axis])),
          ])[0]
        continue
      }
      // From the new positions on, or some before or behind them.
      let past = layout.pastSizes.map { Dimension.symbol($0) } + layout.totalSizes.map { .symbol($0) - layout.newCount }
      guard let shift = past.lazy.compactMap({ (start - $0).size }).first else {
        throw GraphError(.unsupported, "begins at \(start), which is not the number of past positions")
      }
      guard past.contains(where: { (end - $0 - Dimension(shift)) == layout.newCount }) else {
        throw GraphError(
          .unsupported, "takes \(start) up to \(cut.end); it may take as many as there are new positions")
      }
      try requireRoom(size, end, node)
      let places = try emit(
        Add(), try emit(NumberRange(), integer(shift), try emit(Add(), try newCount(), integer(shift)), integer(1)),
        length)
      var gather = Gather()
      gather.axis = cut.axis
      result = try emit(gather, result, places)
    }
    if result == operands[0]!.data { result = try emit(Identity(), result) }
    set(node.result, to: Mapped(result))
  }

  private mutating func element(_ i: Int, of vector: Value) throws(GraphError) -> Value {
    try emit(Gather(), vector, new.constant(.integers([i])))
  }

  /// A table that is read up to the last position must have as many as the cache.
  private func requireRoom(_ size: Dimension, _ end: Dimension, _ node: Node) throws(GraphError) {
    guard let count = size.size, layout.isPadded(end), count < layout.capacity else { return }
    throw GraphError(
      .attribute,
      "the model knows \(count) positions, fewer than the capacity of \(layout.capacity); make the capacity smaller")
  }
}
