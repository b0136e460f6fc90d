import HoneIR
import HoneOperators

extension RecognizeComposites {
  static let activations: [Rule] = {
    let x = Formula.operand(0)
    let cube: Formula = x + 0.044715 * x * x * x
    let factored: Formula = x * (1.0 + 0.044715 * x * x)
    let distributed: Formula = 0.7978845608 * x + 0.0356774081 * x * x * x
    return [
      recognized("½·x·(1 + erf(x/√2)) → Gelu(x)", 0.5 * x * (1.0 + .apply(Erf.self, x / 1.4142135624)), Gelu()),
      recognized("x·(½ + ½·erf(x/√2)) → Gelu(x)", x * (0.5 + 0.5 * .apply(Erf.self, x / 1.4142135624)), Gelu()),
      recognized(
        "½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) → Gelu(x)", 0.5 * x * (1.0 + .apply(Tanh.self, 0.7978845608 * cube)),
        tanhGelu),
      recognized(
        "½·x·(1 + tanh(√(2/π)·x·(1 + 0.044715·x²))) → Gelu(x)",
        0.5 * x * (1.0 + .apply(Tanh.self, 0.7978845608 * factored)), tanhGelu),
      recognized(
        "½·x·(1 + tanh(0.797885·x + 0.035677·x³)) → Gelu(x)", 0.5 * x * (1.0 + .apply(Tanh.self, distributed)), tanhGelu
      ),
      recognized("log(1 + eˣ) → Softplus(x)", .apply(Log.self, 1.0 + .apply(Exp.self, x)), Softplus()),
      recognized("x·tanh(Softplus(x)) → Mish(x)", x * .apply(Tanh.self, .apply(Softplus.self, x)), Mish()),
      recognized("x·clip(x + 3, 0, 6)/6 → HardSwish(x)", x * .clip(x + 3.0, 0, 6) / 6.0, HardSwish()),
      recognized("x·HardSigmoid(x) → HardSwish(x)", x * .node(isHardSwishGate, [x]), HardSwish()),
      hardSigmoid("clip(α·x + β, 0, 1) → HardSigmoid(x)", .clip(.parameter(0) * x + .parameter(1), 0, 1)) {
        (Float($0[0]!), Float($0[1]!))
      },
      hardSigmoid("clip(x + 3, 0, 6)/6 → HardSigmoid(x)", .clip(x + 3.0, 0, 6) / 6.0) { _ in (1 / 6, 0.5) },
    ].flatMap { $0 }
      + [
        Rule("Max(x, α·x) → LeakyRelu(x)", on: Max.self) { (_, node, graph) throws(GraphError) in
          guard node.operands.count == 2, let a = node.operands[0], let b = node.operands[1] else { return nil }
          for (x, scaled) in [(a, b), (b, a)] {
            guard let match = graph.match(.operand(0) * .parameter(0), scaled), match.operands[0] == x,
              let alpha = match.parameters[0],
              alpha > 0, alpha < 1
            else { continue }
            var leaky = LeakyRelu()
            leaky.alpha = Float(alpha)
            return try graph.apply(leaky, to: match, insteadOf: node)
          }
          return nil
        }
      ]
  }()

  private static var tanhGelu: Gelu {
    var gelu = Gelu()
    gelu.approximate = .tanh
    return gelu
  }

  @Sendable private static func isHardSwishGate(_ op: any Op) -> Bool {
    guard let gate = op as? HardSigmoid else { return false }
    return abs(gate.alpha - 1 / 6) < 1e-4 && abs(gate.beta - 0.5) < 1e-4
  }

  private static func recognized(_ name: String, _ formula: Formula, _ op: any Op) -> [Rule] {
    Rule.recognize(name, formula) { (match, node, graph) throws(GraphError) in
      try graph.apply(op, to: match, insteadOf: node)
    }
  }

  private static func hardSigmoid(
    _ name: String, _ formula: Formula, _ parameters: @escaping @Sendable ([Int: Double]) -> (alpha: Float, beta: Float)
  ) -> [Rule] {
    Rule.recognize(name, formula) { (match, node, graph) throws(GraphError) in
      var gate = HardSigmoid()
      (gate.alpha, gate.beta) = parameters(match.parameters)
      return try graph.apply(gate, to: match, insteadOf: node)
    }
  }
}
