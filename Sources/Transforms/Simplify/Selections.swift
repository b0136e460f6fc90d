import HoneIR
import HoneOperators

extension Simplify {
  /// Casts, clips and choices.
  static let selections: [Rule] = [
    Rule("Cast to the same type → x", on: Cast.self) { (cast, node, graph) in
      graph.element(of: node.operands[0]) == cast.to ? node.operands[0] : nil
    },
    Rule("Cast(Cast(x)) → Cast(x)", on: Cast.self) { (cast, node, graph) throws(GraphError) in
      guard let (inner, source) = graph.producer(of: node.operands[0], as: Cast.self),
        let from = graph.element(of: source.operands[0]),
        from.isContained(in: inner.to)
      else { return nil }
      return try graph.apply(cast, [source.operands[0]], insteadOf: node)
    },
    Rule("Relu(Relu(x)) → Relu(x)", on: Relu.self) { (_, node, graph) in
      graph.producer(of: node.operands[0], as: Relu.self) == nil ? nil : node.operands[0]
    },
    Rule("Relu(Clip(x)) → Clip(x)", on: Relu.self) { (_, node, graph) throws(GraphError) in
      guard let (_, clip) = graph.soleProducer(of: node.operands[0], as: Clip.self), let range = graph.clipRange(clip)
      else { return nil }
      return try graph.clip(clip.operands[0], max(range.low, 0), range.high, insteadOf: node)
    },
    Rule("Clip(Relu(x)) → Clip(x)", on: Clip.self) { (_, node, graph) throws(GraphError) in
      guard let (_, relu) = graph.soleProducer(of: node.operands[0], as: Relu.self), let range = graph.clipRange(node),
        range.high > 0
      else { return nil }
      return try graph.clip(relu.operands[0], max(range.low, 0), range.high, insteadOf: node)
    },
    Rule("Clip(Clip(x)) → Clip(x)", on: Clip.self) { (_, node, graph) throws(GraphError) in
      guard let (_, inner) = graph.soleProducer(of: node.operands[0], as: Clip.self), let a = graph.clipRange(inner),
        let b = graph.clipRange(node), max(a.low, b.low) <= min(a.high, b.high)
      else { return nil }
      return try graph.clip(inner.operands[0], max(a.low, b.low), min(a.high, b.high), insteadOf: node)
    },
    Rule("Clip(x, 0) → Relu(x)", on: Clip.self) { (_, node, graph) throws(GraphError) in
      guard let range = graph.clipRange(node), range.low == 0, range.high == .infinity,
        graph.element(of: node.result) == .float32
      else { return nil }
      return try graph.apply(Relu(), [node.operands[0]], insteadOf: node)
    },
    Rule("Clip without bounds → x", on: Clip.self) { (_, node, graph) in
      guard let range = graph.clipRange(node), range.low == -.infinity, range.high == .infinity else { return nil }
      return node.operands[0]
    },
    Rule("Where(constant, x, y) → x or y", on: Where.self) { (_, node, graph) in
      guard let condition = graph.uniform(node.operands[0]), let value = node.operands[condition != 0 ? 1 : 2],
        graph.haveSameType(value, node.result)
      else { return nil }
      return value
    },
    Rule("Where(c, x, x) → x", on: Where.self) { (_, node, graph) in
      guard let value = node.operands[1], value == node.operands[2], graph.haveSameType(value, node.result) else {
        return nil
      }
      return value
    },
  ]
}

extension ElementType {
  /// Every value of this type is one of `other`, exactly.
  func isContained(in other: ElementType) -> Bool {
    if self == other { return true }
    if self == .bool { return other != .string && !other.isComplex }
    if let a = integerRange, let b = other.integerRange {
      return b.lowerBound <= a.lowerBound && a.upperBound <= b.upperBound
    }
    switch (self, other) {
    case (.float16, .float32), (.float16, .float64), (.bfloat16, .float32), (.bfloat16, .float64), (.float32, .float64):
      return true
    case (.int8, .float32), (.uint8, .float32), (.int16, .float32), (.uint16, .float32): return true
    case (.int8, .float64), (.uint8, .float64), (.int16, .float64), (.uint16, .float64), (.int32, .float64),
      (.uint32, .float64):
      return true
    default: return false
    }
  }
}

extension Graph {
  /// The bounds of a `Clip`, infinite where absent, if they are known.
  func clipRange(_ node: Node) -> (low: Double, high: Double)? {
    guard element(of: node.operands[0])?.isFloatingPoint ?? false else { return nil }
    func bound(_ i: Int, _ absent: Double) -> Double? {
      guard i < node.operands.count, let value = node.operands[i] else { return absent }
      guard let number = scalar(value), !number.isNaN else { return nil }
      return abs(number) >= Double(Float.greatestFiniteMagnitude) ? (number < 0 ? -.infinity : .infinity) : number
    }
    guard let low = bound(1, -.infinity), let high = bound(2, .infinity) else { return nil }
    return (low, high)
  }

  fileprivate mutating func clip(_ x: Value?, _ low: Double, _ high: Double, insteadOf node: Node) throws(GraphError)
    -> Value?
  {
    guard let element = element(of: x), element == .float32 else { return nil }
    let bounds: [Value?] = [low, high].map { $0.isInfinite ? nil : constant(.scalar(Float($0))) }
    return try apply(Clip(), bounds[1] == nil ? [x, bounds[0]] : [x, bounds[0], bounds[1]], insteadOf: node)
  }
}
