import HoneIR
import HoneOperators

extension Simplify {
  /// What changes shapes only.
  static let reshapes: [Rule] =
    [
      toOwnShape("Reshape to its own shape → x", on: Reshape.self),
      toOwnShape("Flatten to its own shape → x", on: Flatten.self),
      toOwnShape("Squeeze to its own shape → x", on: Squeeze.self),
      toOwnShape("Unsqueeze to its own shape → x", on: Unsqueeze.self),
      toOwnShape("Expand to its own shape → x", on: Expand.self),
      toOwnShape("Tile by 1 → x", on: Tile.self),
      chained("Reshape(reshaped x) → Reshape(x)", on: Reshape.self),
      chained("Flatten(reshaped x) → Reshape(x)", on: Flatten.self),
      chained("Squeeze(reshaped x) → Reshape(x)", on: Squeeze.self),
      chained("Unsqueeze(reshaped x) → Reshape(x)", on: Unsqueeze.self),
      Rule("Reshape to computed sizes → to constant ones", on: Reshape.self) { (_, node, graph) throws(GraphError) in
        guard let x = node.operands[0], graph.constant(node.operands[1]) == nil else { return nil }
        return try graph.reshape(x, insteadOf: node)
      },
      Rule("Unsqueeze(Unsqueeze(x)) → Unsqueeze(x)", on: Unsqueeze.self) { (_, node, graph) throws(GraphError) in
        guard let (_, inner) = graph.soleProducer(of: node.operands[0], as: Unsqueeze.self),
          let rank = graph.rank(of: node.result),
          let outer = graph.axes(node, rank: rank), let own = graph.axes(inner, rank: rank - outer.count)
        else { return nil }
        let free = (0..<rank).filter { !outer.contains($0) }
        let axes = (outer + own.map { free[$0] }).sorted()
        return try graph.apply(Unsqueeze(), [inner.operands[0], graph.constant(.integers(axes))], insteadOf: node)
      },
      Rule("Expand to computed sizes → to constant ones", on: Expand.self) { (_, node, graph) throws(GraphError) in
        guard graph.constant(node.operands[1]) == nil,
          let wanted = graph.value(node.operands[1], asSizes: node.operands[0])
        else { return nil }
        return try graph.apply(Expand(), [node.operands[0], graph.constant(.integers(wanted))], insteadOf: node)
      },
      Rule("Unsqueeze(Gather(Shape(x), i)) → Shape(x)[i…i+1]", on: Unsqueeze.self) {
        (_, node, graph) throws(GraphError) in
        guard let (gather, inner) = graph.producer(of: node.operands[0], as: Gather.self), gather.axis == 0,
          graph.rank(of: node.result) == 1, graph.rank(of: inner.operands[1]) == 0,
          let index = graph.scalar(inner.operands[1]),
          let (shape, source) = graph.producer(of: inner.operands[0], as: Shape.self),
          let rank = graph.rank(of: source.operands[0]),
          shape.start == 0, shape.end == nil
        else { return nil }
        var one = Shape()
        let axis = Int(index) < 0 ? Int(index) + rank : Int(index)
        (one.start, one.end) = (axis, axis + 1)
        return try graph.apply(one, [source.operands[0]], insteadOf: node)
      },
      Rule("Slice(Shape(x)) → Shape(x)[i…j]", on: Slice.self) { (_, node, graph) throws(GraphError) in
        guard let (shape, source) = graph.producer(of: node.operands[0], as: Shape.self),
          let rank = graph.rank(of: source.operands[0]),
          shape.start == 0, shape.end == nil, let slice = graph.slice(node), slice.axes == [0], slice.steps == [1]
        else { return nil }
        func clamped(_ i: Int) -> Int { min(max(i < 0 ? i + rank : i, 0), rank) }
        var part = Shape()
        (part.start, part.end) = (clamped(slice.starts[0]), clamped(slice.ends[0]))
        guard part.start < part.end! else { return nil }
        return try graph.apply(part, [source.operands[0]], insteadOf: node)
      },
    ]

  private static func toOwnShape<O: Op>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (_, node, graph) in
      guard let x = node.operands[0], graph.haveSameType(x, node.result) else { return nil }
      return x
    }
  }

  private static func chained<O: Op>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (_, node, graph) throws(GraphError) in
      guard let inner = node.operands[0].flatMap({ graph.producer(of: $0) }), let x = inner.operands.first ?? nil,
        inner.op is Reshape || inner.op is Flatten || inner.op is Squeeze || inner.op is Unsqueeze,
        graph.isReadOnce(inner.result)
      else { return nil }
      if graph.haveSameType(x, node.result) { return x }
      return try graph.reshape(x, insteadOf: node)
    }
  }
}

extension Graph {
  /// The axes, counted from the front, that operand 1 of `node` names.
  func axes(_ node: Node, rank: Int) -> [Int]? {
    guard node.operands.count > 1, let axes = integers(node.operands[1]) else { return nil }
    return axes.map { $0 < 0 ? $0 + rank : $0 }
  }

  /// The sizes that `vector` gives, with 1 for those that `x` has anyway; nil if others are not known.
  fileprivate func value(_ vector: Value?, asSizes x: Value?) -> [Int]? {
    guard let vector, let sizes = symbolic(vector), let own = shape(of: x), own.count <= sizes.count else { return nil }
    let offset = sizes.count - own.count
    var result: [Int] = []
    for (i, size) in sizes.enumerated() {
      if let number = size.size {
        result.append(number)
      } else if i >= offset, own[i - offset] == size {
        result.append(1)
      } else {
        return nil
      }
    }
    return result
  }
}
