import HoneIR
import HoneOperators

extension Simplify {
  static let arithmetic: [Rule] =
    [
      neutral("x + 0 → x", on: Add.self, 0, either: true),
      neutral("x − 0 → x", on: Sub.self, 0, either: false),
      neutral("x · 1 → x", on: Mul.self, 1, either: true),
      neutral("x / 1 → x", on: Div.self, 1, either: false),
      neutral("x¹ → x", on: Pow.self, 1, either: false),
      neutral("x ∧ true → x", on: And.self, 1, either: true),
      neutral("x ∨ false → x", on: Or.self, 0, either: true),
      Rule("−(−x) → x", on: Neg.self) { (_, node, graph) in
        graph.producer(of: node.operands[0], as: Neg.self)?.node.operands[0]
      },
      Rule("¬(¬x) → x", on: Not.self) { (_, node, graph) in
        graph.producer(of: node.operands[0], as: Not.self)?.node.operands[0]
      },
      Rule("1/(1/x) → x", on: Reciprocal.self) { (_, node, graph) in
        graph.producer(of: node.operands[0], as: Reciprocal.self)?.node.operands[0]
      },
      Rule("Sum(x) → x", on: Sum.self) { (_, node, _) in node.operands.count == 1 ? node.operands[0] : nil },
      Rule("Sum(x, y) → x + y", on: Sum.self) { (_, node, graph) throws(GraphError) in
        node.operands.count == 2 ? try graph.apply(Add(), node.operands, insteadOf: node) : nil
      },
      Rule("Max(x) → x", on: Max.self) { (_, node, _) in node.operands.count == 1 ? node.operands[0] : nil },
      Rule("Min(x) → x", on: Min.self) { (_, node, _) in node.operands.count == 1 ? node.operands[0] : nil },
      Rule("Mean(x) → x", on: Mean.self) { (_, node, _) in node.operands.count == 1 ? node.operands[0] : nil },
      joined("(x + a) + b → x + (a + b)", on: Add.self, inner: Add.self) { (a, b, graph) throws(GraphError) in
        try graph.apply(Add(), a, b)
      },
      joined("(x · a) · b → x · (a · b)", on: Mul.self, inner: Mul.self) { (a, b, graph) throws(GraphError) in
        try graph.apply(Mul(), a, b)
      },
      Rule("(x / a) · b → x · (b / a)", on: Mul.self) { (_, node, graph) throws(GraphError) in
        guard let (value, b, _) = graph.withConstant(node),
          let (_, inner) = graph.soleProducer(of: value, as: Div.self),
          let x = inner.operands[0], let a = inner.operands[1], graph.scalar(a) != nil, graph.scalar(a) != 0,
          graph.element(of: x)?.isFloatingPoint ?? false, graph.constant(x) == nil, graph.mayJoin(a, b, x)
        else { return nil }
        return try graph.apply(Mul(), [x, graph.apply(Div(), b, a)], insteadOf: node)
      },
    ]

  /// `op` with a constant that changes nothing, as its second operand or as either.
  private static func neutral<O: Op>(_ name: String, on _: O.Type, _ number: Double, either: Bool) -> Rule {
    Rule(name, on: O.self) { (_, node, graph) in
      guard let (value, constant, position) = graph.withConstant(node), either || position == 1,
        graph.uniform(constant) == number,
        graph.broadcasts(graph.constant(constant)!.sizes, into: value),
        graph.element(of: value) == graph.element(of: node.result)
      else { return nil }
      return value
    }
  }

  /// Two applications of an associative operator with a constant each become one; the constants are brought together by `combine`.
  private static func joined<O: Op>(
    _ name: String, on _: O.Type, inner _: O.Type,
    _ combine: @escaping @Sendable (Value, Value, inout Graph) throws(GraphError) -> Value
  ) -> Rule {
    Rule(name, on: O.self) { (op, node, graph) throws(GraphError) in
      guard let (value, b, _) = graph.withConstant(node), let (_, inner) = graph.soleProducer(of: value, as: O.self),
        let (x, a, _) = graph.withConstant(inner), graph.mayJoin(a, b, x)
      else { return nil }
      return try graph.apply(op, [x, combine(a, b, &graph)], insteadOf: node)
    }
  }
}

extension Graph {
  /// Combining constants `a` and `b` gives a constant no larger than one of them, which broadcasts as both did.
  fileprivate func mayJoin(_ a: Value, _ b: Value, _ x: Value) -> Bool {
    guard let first = constant(a), let second = constant(b) else { return false }
    return first.elementCount == 1 && first.sizes.count <= second.sizes.count
      || second.elementCount == 1 && second.sizes.count <= first.sizes.count || first.sizes == second.sizes
  }
}
