import HoneIR
import HoneOperators

/// Operators that only move values move bytes instead: dequantizing comes after them.
enum CarryBytes {
  static let rules: [Rule] = [
    carried(on: Reshape.self), carried(on: Flatten.self), carried(on: Squeeze.self), carried(on: Unsqueeze.self),
    carried(on: Transpose.self), carried(on: Slice.self), carried(on: MaxPool.self), carried(on: Split.self),
    carried(on: DepthToSpace.self), carried(on: SpaceToDepth.self), carried(on: Identity.self),
    Rule("Shape(DequantizeLinear(x)) → Shape(x)", on: Shape.self) { (shape, node, graph) throws(GraphError) in
      guard let x = graph.dequantizedBytes(node.operands[0]) else { return nil }
      return try graph.apply(shape, [x.integers], insteadOf: node)
    },
    Rule("Concat(DequantizeLinear(x), …) → DequantizeLinear(Concat(x, …)) of one grid", on: Concat.self) {
      (concat, node, graph) throws(GraphError) in
      guard let first = graph.dequantizedBytes(node.operands.first ?? nil) else { return nil }
      var parts: [Value?] = []
      for operand in node.operands {
        guard let part = graph.dequantizedBytes(operand), graph.constant(part.integers) == nil,
          graph.constant(part.scale) == graph.constant(first.scale),
          graph.constant(part.zero) == graph.constant(first.zero)
        else { return nil }
        parts.append(part.integers)
      }
      let joined = try graph.apply(concat, parts, resultCount: 1, named: node.name)[0]
      return try graph.apply(DequantizeLinear(), [joined, first.scale, first.zero], insteadOf: node)
    },
  ]

  private static func carried<O: Op>(on _: O.Type) -> Rule {
    Rule("\(O.name)(DequantizeLinear(x)) → DequantizeLinear(\(O.name)(x))", on: O.self) {
      (op, node, graph) throws(GraphError) in
      guard let x = graph.dequantizedBytes(node.operands[0]), graph.constant(x.integers) == nil else { return nil }
      if op is MaxPool, node.results.dropFirst().contains(where: { graph.userCount(of: $0) > 0 || graph.isOutput($0) })
      {
        return nil
      }
      let count = op is MaxPool ? 1 : node.results.count
      let moved = try graph.apply(
        op, [x.integers] + node.operands.dropFirst(), resultCount: count, named: node.name)
      var results: [Value] = []
      for (value, old) in zip(moved, node.results) {
        results.append(
          try graph.apply(
            DequantizeLinear(), [value, x.scale, x.zero], resultCount: 1, resultNames: [graph.name(of: old)])[0])
      }
      for (old, new) in zip(node.results, results).dropFirst() {
        guard graph.canReplace(old, with: new) else { return nil }
        graph.replace(old, with: new)
      }
      return results[0]
    }
  }
}
