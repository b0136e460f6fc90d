import HoneIR
import HoneOperators
import HoneRuntime

/// Recurrent operators whose weights are stored as bytes compute with the bytes.
enum IntegerRecurrences {
  static var rules: [Rule] { [rule(on: LSTM.self), rule(on: GRU.self), rule(on: RNN.self)] }

  private static func rule<O: Op>(on _: O.Type) -> Rule {
    Rule("\(O.name)(x, DequantizeLinear(w), DequantizeLinear(r)) → IntegerRecurrent", on: O.self) {
      (op, node, graph) throws(GraphError) in
      guard let integer = IntegerRecurrent(op), graph.element(of: node.operands[0]) == .float32,
        let w = try RecurrentBytes(node.operands[1], in: graph), let r = try RecurrentBytes(node.operands[2], in: graph)
      else { return nil }
      var operands = node.operands + [Value?](repeating: nil, count: 8 - node.operands.count)
      for (i, bytes) in [w, r].enumerated() {
        operands[1 + i] = graph.constant(bytes.integers, graph.name(of: node.operands[1 + i]!))
        operands.append(graph.constant(bytes.scales))
        operands.append(bytes.zeros.map { graph.constant($0) })
      }
      return try graph.substitute(integer, operands, for: node)
    }
  }
}

/// Constant weights `[directions, rows, depth]` that come from bytes, turned to `[directions, depth, rows]`.
private struct RecurrentBytes {
  let integers: Tensor
  /// `[directions]`, or `[directions, rows]`.
  let scales: Tensor
  let zeros: Tensor?

  init?(_ value: Value?, in graph: Graph) throws(GraphError) {
    guard let parts = graph.dequantized(value), let (op, _) = graph.producer(of: value, as: DequantizeLinear.self),
      let weights = graph.constant(parts.integers), [.int8, .uint8].contains(weights.element),
      weights.sizes.count == 3, let scale = graph.constant(parts.scale), scale.element == .float32
    else { return nil }
    let (directions, rows) = (weights.sizes[0], weights.sizes[1])
    let axis = op.axis < 0 ? op.axis + 3 : op.axis
    func spread<T: TensorElement>(_ values: [T]) -> Tensor? {
      if values.count == 1 { return Tensor([T](repeating: values[0], count: directions), shape: [directions]) }
      if axis == 0, values.count == directions { return Tensor(values, shape: [directions]) }
      guard axis == 1, values.count == rows else { return nil }
      return Tensor((0..<directions).flatMap { _ in values }, shape: [directions, rows])
    }
    guard let scales = spread(scale.floats) else { return nil }
    self.scales = scales
    if let zero = parts.zero {
      guard let tensor = graph.constant(zero), tensor.element == weights.element else { return nil }
      let spread =
        tensor.element == .int8 ? spread(tensor.values(as: Int8.self)) : spread(tensor.values(as: UInt8.self))
      guard let spread else { return nil }
      zeros = spread
    } else {
      zeros = nil
    }
    var transpose = Transpose()
    transpose.perm = [0, 2, 1]
    guard let turned = try Interpreter.evaluate(transpose, [weights], resultCount: 1) else { return nil }
    integers = turned[0]
  }
}
