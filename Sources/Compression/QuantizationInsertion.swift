import HoneIR
import HoneOperators

/// Puts QuantizeLinear and DequantizeLinear pairs into a graph.
struct QuantizationInsertion {
  var graph: Graph
  let parameters: [Value: QuantizationParameters]

  /// Replaces the weights of `node`, and its bias, by integers and what turns them back.
  mutating func quantizeWeights(of node: Node, perChannel: Bool, limit: Int) throws(GraphError) {
    guard let op = node.op as? any WeightedOp, let layout = op.weightLayout(graph.call(for: node)),
      let input = node.operands[0], let scale = parameters[input]?.scale,
      let value = node.operands[layout.operand], let weights = graph.constant(value)
    else { return }
    let quantized = QuantizedWeights(weights, axis: perChannel ? layout.outputAxis : nil, limit: limit)
    var operands = node.operands
    operands[layout.operand] = try dequantized(
      quantized.integers, quantized.scales, zero: .int8, axis: perChannel ? layout.outputAxis : nil,
      named: label(of: value, at: node, "weight"))
    if let bias = layout.bias, bias < operands.count, let biasValue = operands[bias],
      let tensor = graph.constant(biasValue),
      tensor.element == .float32
    {
      let scales = quantized.scales.map { $0 * scale }
      let count = tensor.elementCount
      if tensor.sizes.count == 1, scales.count == 1 || scales.count == count {
        let integers = tensor.floats.enumerated().map { i, x in
          Int32(clamping: Int(max(-2e9, min(2e9, (x / scales[scales.count == 1 ? 0 : i]).rounded(.toNearestOrEven)))))
        }
        operands[bias] = try dequantized(
          Tensor(integers, shape: tensor.sizes), scales, zero: .int32, axis: scales.count == 1 ? nil : 0,
          named: label(of: biasValue, at: node, "bias"))
      }
    }
    graph.setOperands(of: node.id, to: operands)
  }

  /// A name for what belongs to a constant, which folding may have left without one.
  private func label(of value: Value, at node: Node, _ part: String) -> String {
    let name = graph.name(of: value)
    return name.isEmpty ? "\(node.name.isEmpty ? graph.name(of: node.result) : node.name)_\(part)" : name
  }

  private mutating func dequantized(
    _ integers: Tensor, _ scales: [Float], zero: ElementType, axis: Int?, named name: String
  ) throws(GraphError) -> Value {
    let shape = axis == nil ? [] : [scales.count]
    var op = DequantizeLinear()
    if let axis { op.axis = axis }
    let zeros =
      zero == .int8
      ? Tensor([Int8](repeating: 0, count: scales.count), shape: shape)
      : Tensor([Int32](repeating: 0, count: scales.count), shape: shape)
    return try graph.apply(
      op, graph.constant(integers, "\(name)_quantized"), graph.constant(Tensor(scales, shape: shape), "\(name)_scale"),
      graph.constant(zeros, "\(name)_zero_point"), named: "\(name)_DequantizeLinear")
  }

  /// Gives each value a pair; everything that read it, but a graph's output, reads what comes back.
  mutating func quantizeActivations(_ values: [Value]) throws(GraphError) {
    for value in values {
      guard let parameters = parameters[value] else { continue }
      let users = graph.users(of: value)
      let name = graph.name(of: value).isEmpty ? (graph.producer(of: value)?.name ?? "value") : graph.name(of: value)
      let scale = graph.constant(.scalar(parameters.scale), "\(name)_scale")
      let zero = graph.constant(parameters.zeroPoint, "\(name)_zero_point")
      let quantized = try graph.apply(QuantizeLinear(), value, scale, zero, named: "\(name)_QuantizeLinear")
      let restored = try graph.apply(DequantizeLinear(), quantized, scale, zero, named: "\(name)_DequantizeLinear")
      for user in users {
        guard let current = graph[user.id] else { continue }
        graph.setOperands(of: user.id, to: current.operands.map { $0 == value ? restored : $0 })
      }
    }
  }
}
