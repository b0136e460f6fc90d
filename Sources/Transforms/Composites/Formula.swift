import HoneIR
import HoneOperators

/// A formula that graphs are searched for. Sums and products match in any order and association, x·x matches x²,
/// and a quotient by a number matches the product with its inverse.
indirect enum Formula: Sendable {
  /// Any value; the same one wherever the index is the same.
  case operand(Int)
  /// Any constant tensor.
  case constant(Int)
  /// Any constant of one number.
  case parameter(Int)
  case number(Double)
  case sum([Formula])
  case product([Formula])
  case difference(Formula, Formula)
  case quotient(Formula, Formula)
  case squareRoot(Formula)
  /// The mean over the same axes wherever it occurs, which are kept.
  case mean(Formula)
  case clip(Formula, Double, Double)
  case node(@Sendable (any Op) -> Bool, [Formula])

  static func apply<O: Op>(_: O.Type, _ operands: Formula...) -> Formula { .node({ $0 is O }, operands) }
}

extension Formula: ExpressibleByFloatLiteral {
  init(floatLiteral value: Double) { self = .number(value) }

  static func + (a: Formula, b: Formula) -> Formula { .sum(a.terms + b.terms) }
  static func - (a: Formula, b: Formula) -> Formula { .difference(a, b) }
  static func * (a: Formula, b: Formula) -> Formula { .product(a.factors + b.factors) }
  static func / (a: Formula, b: Formula) -> Formula {
    if case .number(let x) = b { return a * .number(1 / x) }
    return .quotient(a, b)
  }

  private var terms: [Formula] { if case .sum(let terms) = self { terms } else { [self] } }
  private var factors: [Formula] { if case .product(let factors) = self { factors } else { [self] } }
}

/// What the parts of a formula are in a graph.
struct FormulaMatch {
  var operands: [Int: Value] = [:]
  var parameters: [Int: Double] = [:]
  var axes: [Int]?
}

extension Graph {
  func match(_ formula: Formula, _ value: Value) -> FormulaMatch? {
    var match = FormulaMatch()
    return matches(formula, value, &match) ? match : nil
  }

  private func matches(_ formula: Formula, _ value: Value, _ match: inout FormulaMatch) -> Bool {
    switch formula {
    case .operand(let i):
      if let known = match.operands[i] { return known == value }
      match.operands[i] = value
      return true
    case .constant(let i):
      guard constant(value) != nil else { return false }
      return matches(.operand(i), value, &match)
    case .parameter(let i):
      guard let number = scalar(value) else { return false }
      if let known = match.parameters[i] { return known == number }
      match.parameters[i] = number
      return true
    case .number(let number): return scalar(value).map { isNear($0, number) } ?? false
    default: break
    }
    guard let node = producer(of: value) else { return false }
    switch formula {
    case .sum(let terms): return matchesSum(terms, node, &match)
    case .product(let factors): return matchesProduct(factors, node, &match)
    case .difference(let a, let b): return node.op is Sub && matchesAll([a, b], node, &match)
    case .quotient(let a, let b): return matchesQuotient(a, b, node, &match)
    case .squareRoot(let x):
      if node.op is Sqrt { return matchesAll([x], node, &match) }
      return node.op is Pow && scalar(node.operands[1]) == 0.5 && matches(x, node.operands[0]!, &match)
    case .mean(let x): return matchesMean(x, node, &match)
    case .clip(let x, let low, let high):
      guard node.op is Clip, let range = clipRange(node), range == (low, high), let source = node.operands[0] else {
        return false
      }
      return matches(x, source, &match)
    case .node(let isWanted, let operands): return isWanted(node.op) && matchesAll(operands, node, &match)
    case .operand, .constant, .parameter, .number: return false
    }
  }

  private func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-3 * abs(b) }

  private func matchesAll(_ formulas: [Formula], _ node: Node, _ match: inout FormulaMatch) -> Bool {
    guard node.operands.count == formulas.count else { return false }
    for (formula, operand) in zip(formulas, node.operands) {
      guard let operand, matches(formula, operand, &match) else { return false }
    }
    return true
  }

  private func matchesMean(_ x: Formula, _ node: Node, _ match: inout FormulaMatch) -> Bool {
    guard let mean = node.op as? ReduceMean, mean.keepdims, node.operands.count == 2, let source = node.operands[0],
      let rank = rank(of: source), let axes = axes(node, rank: rank)?.sorted(), match.axes == nil || match.axes == axes
    else { return false }
    match.axes = axes
    return matches(x, source, &match)
  }

  private func matchesQuotient(_ a: Formula, _ b: Formula, _ node: Node, _ match: inout FormulaMatch) -> Bool {
    if node.op is Div { return matchesAll([a, b], node, &match) }
    guard node.op is Mul, let x = node.operands[0], let y = node.operands[1] else { return false }
    for (numerator, other) in [(x, y), (y, x)] {
      guard let inverse = producer(of: other), inverse.op is Reciprocal, let denominator = inverse.operands[0] else {
        continue
      }
      var trial = match
      guard matches(a, numerator, &trial), matches(b, denominator, &trial) else { continue }
      match = trial
      return true
    }
    return false
  }

  private func matchesSum(_ terms: [Formula], _ node: Node, _ match: inout FormulaMatch) -> Bool {
    guard node.operands.count == 2, let a = node.operands[0], let b = node.operands[1] else { return false }
    if node.op is Sub, let subtracted = scalar(b) {
      return matchesWithNumber(terms, a, -subtracted, Formula.sum, &match)
    }
    guard node.op is Add else { return false }
    return matchesSplit(terms, a, b, Formula.sum, &match)
  }

  private func matchesProduct(_ factors: [Formula], _ node: Node, _ match: inout FormulaMatch) -> Bool {
    guard node.operands.count == 2, let a = node.operands[0], let b = node.operands[1] else { return false }
    if node.op is Pow, let exponent = scalar(b), exponent == Double(factors.count) {
      for factor in factors where !matches(factor, a, &match) { return false }
      return true
    }
    if node.op is Div, let divisor = scalar(b), divisor != 0 {
      return matchesWithNumber(factors, a, 1 / divisor, Formula.product, &match)
    }
    guard node.op is Mul else { return false }
    return matchesSplit(factors, a, b, Formula.product, &match)
  }

  /// One of `parts` is `number`, the others make `value`.
  private func matchesWithNumber(
    _ parts: [Formula], _ value: Value, _ number: Double, _ join: ([Formula]) -> Formula, _ match: inout FormulaMatch
  ) -> Bool {
    for (i, part) in parts.enumerated() {
      var trial = match
      switch part {
      case .number(let wanted): guard isNear(number, wanted) else { continue }
      case .parameter(let index):
        guard trial.parameters[index] == nil || trial.parameters[index] == number else { continue }
        trial.parameters[index] = number
      default: continue
      }
      var rest = parts
      rest.remove(at: i)
      guard !rest.isEmpty, matches(rest.count == 1 ? rest[0] : join(rest), value, &trial) else { continue }
      match = trial
      return true
    }
    return false
  }

  /// Some of `parts` make `a`, the others `b`.
  private func matchesSplit(
    _ parts: [Formula], _ a: Value, _ b: Value, _ join: ([Formula]) -> Formula, _ match: inout FormulaMatch
  ) -> Bool {
    guard parts.count >= 2 else { return false }
    for subset in 1..<((1 << parts.count) - 1) {
      let first = parts.indices.filter { subset >> $0 & 1 == 1 }.map { parts[$0] }
      let second = parts.indices.filter { subset >> $0 & 1 == 0 }.map { parts[$0] }
      var trial = match
      guard matches(first.count == 1 ? first[0] : join(first), a, &trial),
        matches(second.count == 1 ? second[0] : join(second), b, &trial)
      else { continue }
      match = trial
      return true
    }
    return false
  }
}

extension Rule {
  /// Rules that replace what `formula` describes; `body` gives the new value, or nil to leave it.
  static func recognize(
    _ name: String, _ formula: Formula,
    _ body: @escaping @Sendable (FormulaMatch, Node, inout Graph) throws(GraphError) -> Value?
  ) -> [Rule] {
    func rule<O: Op>(_: O.Type) -> Rule {
      Rule(name, on: O.self) { (_, node, graph) throws(GraphError) in
        guard let match = graph.match(formula, node.result) else { return nil }
        return try body(match, node, &graph)
      }
    }
    switch formula {
    case .product: return [rule(Mul.self), rule(Div.self)]
    case .sum: return [rule(Add.self), rule(Sub.self)]
    case .quotient: return [rule(Div.self), rule(Mul.self)]
    case .difference: return [rule(Sub.self)]
    case .clip: return [rule(Clip.self)]
    default: return [rule(Log.self), rule(Mul.self)]
    }
  }
}
