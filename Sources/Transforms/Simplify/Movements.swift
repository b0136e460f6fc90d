import HoneIR
import HoneOperators

extension Simplify {
  /// Transposes, slices and concatenations.
  static let movements: [Rule] = [
    Rule("Transpose that keeps the order → x", on: Transpose.self) { (transpose, node, graph) in
      guard let rank = graph.rank(of: node.operands[0]), graph.order(transpose, rank) == Array(0..<rank) else {
        return nil
      }
      return node.operands[0]
    },
    Rule("Transpose(Transpose(x)) → Transpose(x)", on: Transpose.self) { (transpose, node, graph) throws(GraphError) in
      guard let (first, inner) = graph.producer(of: node.operands[0], as: Transpose.self),
        let rank = graph.rank(of: node.result)
      else { return nil }
      let order = graph.order(transpose, rank).map { graph.order(first, rank)[$0] }
      if order == Array(0..<rank) { return inner.operands[0] }
      guard graph.isReadOnce(inner.result) else { return nil }
      var merged = Transpose()
      merged.perm = order
      return try graph.apply(merged, [inner.operands[0]], insteadOf: node)
    },
    Rule("Transpose of axes of size 1 → Reshape", on: Transpose.self) { (transpose, node, graph) throws(GraphError) in
      guard let x = node.operands[0], let shape = graph.shape(of: x) else { return nil }
      let moved = graph.order(transpose, shape.count).filter { shape[$0] != 1 }
      guard moved == moved.sorted() else { return nil }
      return try graph.reshape(x, insteadOf: node)
    },
    Rule("Slice of everything → x", on: Slice.self) { (_, node, graph) in
      guard let x = node.operands[0], graph.haveSameType(x, node.result) else { return nil }
      guard
        node.operands.count < 5 || node.operands[4] == nil
          || graph.integers(node.operands[4])?.allSatisfy({ $0 > 0 }) ?? false
      else { return nil }
      return x
    },
    Rule("Slice(Slice(x)) → Slice(x)", on: Slice.self) { (_, node, graph) throws(GraphError) in
      guard let (_, inner) = graph.soleProducer(of: node.operands[0], as: Slice.self), let a = graph.slice(inner),
        let b = graph.slice(node),
        Set(a.axes).isDisjoint(with: b.axes)
      else { return nil }
      let parts = [a.starts + b.starts, a.ends + b.ends, a.axes + b.axes, a.steps + b.steps]
      return try graph.apply(
        Slice(), [inner.operands[0]] + parts.map { graph.constant(.integers($0)) }, insteadOf: node)
    },
    Rule("Concat(x) → x", on: Concat.self) { (_, node, _) in node.operands.count == 1 ? node.operands[0] : nil },
    Rule("Concat without empty parts", on: Concat.self) { (concat, node, graph) throws(GraphError) in
      let parts = node.operands.filter { $0.flatMap { graph.constant($0) }?.elementCount != 0 }
      guard !parts.isEmpty, parts.count < node.operands.count else { return nil }
      return try graph.apply(concat, parts, insteadOf: node)
    },
    Rule("Concat(Concat(x, y), z) → Concat(x, y, z)", on: Concat.self) { (concat, node, graph) throws(GraphError) in
      guard let rank = graph.rank(of: node.result) else { return nil }
      var parts: [Value?] = []
      for operand in node.operands {
        if let (inner, source) = graph.soleProducer(of: operand, as: Concat.self),
          (inner.axis + rank) % rank == (concat.axis + rank) % rank,
          node.operands.count(where: { $0 == operand }) == 1
        {
          parts += source.operands
        } else {
          parts.append(operand)
        }
      }
      return parts.count == node.operands.count ? nil : try graph.apply(concat, parts, insteadOf: node)
    },
  ]
}

/// The constant operands of a `Slice`.
struct SliceParts {
  var starts, ends, axes, steps: [Int]
}

extension Graph {
  func order(_ transpose: Transpose, _ rank: Int) -> [Int] {
    guard let perm = transpose.perm, perm.count == rank else { return Array((0..<rank).reversed()) }
    return perm
  }

  /// What `node`, a `Slice`, takes, if that is known.
  func slice(_ node: Node) -> SliceParts? {
    guard let rank = rank(of: node.operands[0]), node.operands.count >= 3, let starts = integers(node.operands[1]),
      let ends = integers(node.operands[2])
    else { return nil }
    var parts = SliceParts(starts: starts, ends: ends, axes: Array(starts.indices), steps: starts.map { _ in 1 })
    if node.operands.count > 3, node.operands[3] != nil {
      guard let axes = axes(node, at: 3, rank: rank) else { return nil }
      parts.axes = axes
    }
    if node.operands.count > 4, node.operands[4] != nil {
      guard let steps = integers(node.operands[4]) else { return nil }
      parts.steps = steps
    }
    return parts
  }

  private func axes(_ node: Node, at i: Int, rank: Int) -> [Int]? {
    integers(node.operands[i])?.map { $0 < 0 ? $0 + rank : $0 }
  }
}
