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
      layerNormalization("(x − mean)/√(variance + ε)·scale + shift → LayerNormalization(x)", (x - mean) / deviation * scale + shift),
      layerNormalization("(x − mean)·(scale/√(variance + ε)) + shift → LayerNormalization(x)", (x - mean) * factor + shift),
      layerNormalization("x·r + (shift − mean·r) → LayerNormalization(x)", x * factor + (shift - mean * factor)),
    ].flatMap { $0 }
  }()

  static let rootMeanSquare: [Rule] = {
    let (x, scale) = (Formula.operand(0), Formula.constant(1))
    let root = Formula.squareRoot(.mean(x * x) + .parameter(0))
    let body: @Sendable (FormulaMatch, Node, inout Graph) throws(GraphError) -> Value? = { (match, node, graph) throws(GraphError) in
      guard let parts = graph.normalization(match, node) else { return nil }
      var norm = RMSNormalization()
      (norm.axis, norm.epsilon) = (parts.axis, parts.epsilon)
      return try graph.apply(norm, [match.operands[0], parts.scale], insteadOf: node)
    }
    return Rule.recognize("x/√(mean(x²) + ε)·scale → RMSNormalization(x)", x / root * scale, body)
      + Rule.recognize("x·(1/√(mean(x²) + ε))·scale → RMSNormalization(x)", x * .apply(Reciprocal.self, root) * scale, body)
  }()

  private static func layerNormalization(_ name: String, _ formula: Formula) -> [Rule] {
    Rule.recognize(name, formula) { (match, node, graph) throws(GraphError) in
      guard let parts = graph.normalization(match, node), let shift = parts.shift else { return nil }
      var norm = LayerNormalization()
      (norm.axis, norm.epsilon) = (parts.axis, parts.epsilon)
      return try graph.apply(norm, [match.operands[0], parts.scale, shift], insteadOf: node)
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
    guard let x = match.operands[0], element(of: x) == .float32, haveSameType(x, node.result), let shape = shape(of: x), let axes = match.axes,
      let axis = axes.first, axes == Array(axis..<shape.count), let epsilon = match.parameters[0], epsilon >= 0,
      let scale = match.operands[1]
    else { return nil }
    let wanted = shape[axis...].compactMap(\.size)
    guard wanted.count == axes.count else { return nil }
    func trimmed(_ value: Value) -> Tensor? {
      guard let tensor = constant(value), tensor.element == .float32, Array(tensor.sizes.drop { $0 == 1 }) == Array(wanted.drop { $0 == 1 }),
        tensor.sizes.count <= shape.count
      else { return nil }
      return tensor.sizes == wanted ? tensor : tensor.reshaped(wanted)
    }
    guard let scaleTensor = trimmed(scale) else { return nil }
    var shift: Value?
    if let value = match.operands[2] {
      guard let tensor = trimmed(value) else { return nil }
      shift = tensor.sizes == constant(value)!.sizes ? value : constant(tensor, name(of: value))
    }
    let scaleValue = scaleTensor.sizes == constant(scale)!.sizes ? scale : constant(scaleTensor, name(of: scale))
    return Normalization(axis: axes.count == 1 ? -1 : axis, epsilon: Float(epsilon), scale: scaleValue, shift: shift)
  }
}
