import HoneIR
import HoneOperators

extension Simplify {
  /// Transposes that others make unnecessary, as in channel shuffles.
  static let shuffles: [Rule] = [
    Rule("Reshape(Transpose(Reshape(x))) → Transpose(Reshape(x)) where axes are only split", on: Reshape.self) {
      (_, node, graph) throws(GraphError) in
      guard let (transpose, inner) = graph.soleProducer(of: node.operands[0], as: Transpose.self),
        let x = inner.operands[0],
        graph.soleProducer(of: x, as: Reshape.self) != nil, let sizes = graph.type(of: inner.result).tensor?.sizes,
        let target = graph.type(of: node.result).tensor?.sizes, let groups = split(sizes, into: target)
      else { return nil }
      let order = graph.order(transpose, sizes.count)
      // Where the sizes of each axis of x start once they are split.
      var starts = [Int](repeating: 0, count: sizes.count)
      var shape: [Int] = []
      for axis in sizes.indices {
        starts[axis] = shape.count
        shape += groups[order.firstIndex(of: axis)!]
      }
      var moved = Transpose()
      moved.perm = order.indices.flatMap { i in groups[i].indices.map { starts[order[i]] + $0 } }
      let reshaped = try graph.apply(Reshape(), x, graph.constant(.integers(shape)))
      return try graph.apply(moved, [reshaped], insteadOf: node)
    },
    Rule("Gather(Transpose(x), i) → Gather(x, i) along the other axis", on: Gather.self) {
      (gather, node, graph) throws(GraphError) in
      guard let (transpose, inner) = graph.producer(of: node.operands[0], as: Transpose.self),
        let rank = graph.rank(of: inner.operands[0]),
        graph.rank(of: node.operands[1]) == 0
      else { return nil }
      let order = graph.order(transpose, rank)
      let axis = gather.axis < 0 ? gather.axis + rank : gather.axis
      let rest = order.indices.filter { $0 != axis }.map { order[$0] }
      guard rest == rest.sorted() else { return nil }
      var direct = Gather()
      direct.axis = order[axis]
      return try graph.apply(direct, [inner.operands[0], node.operands[1]], insteadOf: node)
    },
    joined("xᵀ + yᵀ → (x + y)ᵀ", on: Add.self),
    joined("xᵀ − yᵀ → (x − y)ᵀ", on: Sub.self),
    joined("xᵀ · yᵀ → (x · y)ᵀ", on: Mul.self),
    joined("xᵀ / yᵀ → (x / y)ᵀ", on: Div.self),
    reduced("ReduceMax(Transpose(x)) → ReduceMax(x)", on: ReduceMax.self),
    reduced("ReduceMean(Transpose(x)) → ReduceMean(x)", on: ReduceMean.self),
    reduced("ReduceSum(Transpose(x)) → ReduceSum(x)", on: ReduceSum.self),
  ]

  /// Two operands that are transposed alike.
  private static func joined<O: Op>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (op, node, graph) throws(GraphError) in
      guard node.operands.count == 2, let (first, a) = graph.soleProducer(of: node.operands[0], as: Transpose.self),
        let (second, b) = graph.soleProducer(of: node.operands[1], as: Transpose.self), let x = a.operands[0],
        let y = b.operands[0], let rank = graph.rank(of: x), graph.rank(of: y) == rank,
        graph.order(first, rank) == graph.order(second, rank)
      else { return nil }
      return try graph.apply(first, [graph.apply(op, x, y)], insteadOf: node)
    }
  }

  /// A reduction that leaves the axes in their order needs no transpose before it.
  private static func reduced<O: ReductionOp>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (reduction, node, graph) throws(GraphError) in
      guard !reduction.keepdims, let (transpose, inner) = graph.soleProducer(of: node.operands[0], as: Transpose.self),
        let rank = graph.rank(of: inner.result), let axes = graph.axes(node, rank: rank), !axes.isEmpty
      else { return nil }
      let order = graph.order(transpose, rank)
      let rest = order.indices.filter { !axes.contains($0) }.map { order[$0] }
      guard rest == rest.sorted() else { return nil }
      let moved = graph.constant(.integers(axes.map { order[$0] }.sorted()))
      return try graph.apply(reduction, [inner.operands[0], moved], insteadOf: node)
    }
  }

  /// For each of `sizes`, the consecutive sizes of `target` that multiply to it; nil if they do not.
  static func split(_ sizes: [Int], into target: [Int]) -> [[Int]]? {
    var groups: [[Int]] = []
    var next = 0
    for size in sizes {
      var group: [Int] = []
      var product = 1
      while next < target.count, group.isEmpty || product < size || (groups.count == sizes.count - 1) {
        group.append(target[next])
        product *= target[next]
        next += 1
      }
      guard product == size, size > 0 else { return nil }
      groups.append(group)
    }
    return next == target.count ? groups : nil
  }
}
