import HoneIR
import HoneOperators

extension RecognizeComposites {
  static let normalizations: [Rule] = {
    let (x, scale, shift) = (Formula.operand(0), Formula.constant(1), Formula.constant(2))
    let mean = Formula.mean(x)
    let variance = Formula.mean((x - mean) * (x - mean))
    let deviation = Formula.squareRoot(variance + .parameter(0))
    let factor = Formula.node({ $0 is Reciprocal }, [deviation]) * scale
    return [
      layerNormalization(
        "(x − mean)/√(variance + ε)·scale + shift → LayerNormalization(x)", (x - mean) / deviation * scale + shift),
      layerNormalization(
        "(x − mean)·(scale/√(variance + ε)) + shift → LayerNormalization(x)", (x - mean) * factor + shift),
      layerNormalization("x·r + (shift − mean·r) → LayerNormalization(x)", x * factor + (shift - mean * factor)),
      layerNormalization("(x − mean)/√(variance + ε) → LayerNormalization(x)", (x - mean) / deviation),
    ].flatMap { $0 }
      + [
        Rule("LayerNormalization(x)·scale → LayerNormalization(x)", on: Mul.self) {
          (_, node, graph) throws(GraphError) in
          guard let (x, scale, _) = graph.withConstant(node), let (norm, source) = graph.plainNormalization(x),
            graph.uniform(source.operands[1]) == 1, source.operands.count < 3 || source.operands[2] == nil,
            let fitting = graph.constant(scale, fitting: source)
          else { return nil }
          return try graph.apply(norm, [source.operands[0], fitting], insteadOf: node)
        },
        Rule("LayerNormalization(x) + shift → LayerNormalization(x)", on: Add.self) {
          (_, node, graph) throws(GraphError) in
          guard let (x, shift, _) = graph.withConstant(node), let (norm, source) = graph.plainNormalization(x),
            source.operands.count < 3 || source.operands[2] == nil, let fitting = graph.constant(shift, fitting: source)
          else { return nil }
          return try graph.apply(norm, [source.operands[0], source.operands[1], fitting], insteadOf: node)
        },
      ]
  }()

  static let rootMeanSquare: [Rule] = {
    let (x, scale) = (Formula.operand(0), Formula.constant(1))
    let root = Formula.squareRoot(.mean(x * x) + .parameter(0))
    let body: @Sendable (FormulaMatch, Node, inout Graph) throws(GraphError) -> Value? = {
      (match, node, graph) throws(GraphError) in
      guard let parts = graph.normalization(match, node) else { return nil }
      var norm = RMSNormalization()
      (norm.axis, norm.epsilon) = (parts.axis, parts.epsilon)
      return try graph.apply(norm, [match.operands[0], parts.scale], insteadOf: node)
    }
    return Rule.recognize("x/√(mean(x²) + ε)·scale → RMSNormalization(x)", x / root * scale, body)
      + Rule.recognize(
        "x·(1/√(mean(x²) + ε))·scale → RMSNormalization(x)", x * .apply(Reciprocal.self, root) * scale, body)
  }()

  private static func layerNormalization(_ name: String, _ formula: Formula) -> [Rule] {
    Rule.recognize(name, formula) { (match, node, graph) throws(GraphError) in
      guard let parts = graph.normalization(match, node) else { return nil }
      var norm = LayerNormalization()
      (norm.axis, norm.epsilon) = (parts.axis, parts.epsilon)
      let operands = [match.operands[0], parts.scale] + (parts.shift.map { [$0] } ?? [])
      return try graph.apply(norm, operands, insteadOf: node)
    }
  }
}

extension Graph {
  fileprivate struct Normalization {
    var axis: Int
    var epsilon: Float
    var scale: Value
    var shift: Value?
  }

  /// The parts of a normalization over the last axes, if its scale and shift have those axes.
  fileprivate mutating func normalization(_ match: FormulaMatch, _ node: Node) -> Normalization? {
    guard let x = match.operands[0], element(of: x) == .float32, haveSameType(x, node.result), let shape = shape(of: x),
      let axes = match.axes,
      let axis = axes.first, axes == Array(axis..<shape.count), let epsilon = match.parameters[0], epsilon >= 0
    else { return nil }
    let sizes = shape[axis...].compactMap(\.size)
    guard sizes.count == axes.count else { return nil }
    let (scale, shift) = (match.operands[1], match.operands[2])
    guard scale.map({ fits($0, sizes, rank: shape.count) }) ?? true,
      shift.map({ fits($0, sizes, rank: shape.count) }) ?? true
    else { return nil }
    return Normalization(
      axis: axes.count == 1 ? -1 : axis, epsilon: Float(epsilon),
      scale: scale.map { reshaped($0, sizes) }
        ?? constant(Tensor([Float](repeating: 1, count: sizes.reduce(1, *)), shape: sizes)),
      shift: shift.map { reshaped($0, sizes) })
  }

  /// A normalization that makes `value`, which is read once.
  fileprivate func plainNormalization(_ value: Value) -> (op: LayerNormalization, node: Node)? {
    guard let found = soleProducer(of: value, as: LayerNormalization.self), found.node.results.count == 1 else {
      return nil
    }
    return found
  }

  /// `value` in the shape of the scale of `norm`, if it has as many elements along the same axes.
  fileprivate mutating func constant(_ value: Value, fitting norm: Node) -> Value? {
    guard let sizes = constant(norm.operands[1])?.sizes, let rank = rank(of: norm.result),
      fits(value, sizes, rank: rank)
    else { return nil }
    return reshaped(value, sizes)
  }

  private func fits(_ value: Value, _ sizes: [Int], rank: Int) -> Bool {
    guard let tensor = constant(value), tensor.element == .float32, tensor.sizes.count <= rank else { return false }
    return Array(tensor.sizes.drop { $0 == 1 }) == Array(sizes.drop { $0 == 1 })
  }

  private mutating func reshaped(_ value: Value, _ sizes: [Int]) -> Value {
    let tensor = constant(value)!
    return tensor.sizes == sizes ? value : constant(tensor.reshaped(sizes), name(of: value))
  }
}
