public import HoneIR
import HoneOperators

/// Dynamic 8-bit quantization: weights of products become integers, activations are quantized while running.
///
/// MatMul(x, w) → MatMulInteger(DynamicQuantizeLinear(x), w₈) · (scale of x · scale of w); a Gemm's bias is added after.
/// LSTM becomes `com.microsoft` DynamicQuantizeLSTM; GRU and RNN, for which there is no such operator, get their weights from
/// DequantizeLinear(w₈).
public struct QuantizeDynamically: Pass {
  public var per_channel = true
  /// Nodes left in float: exact names, or regular expressions after `re:`.
  public var nodes_to_exclude: [String] = []
  public init() {}

  public func run(on graph: inout Graph) throws(GraphError) { _ = try apply(to: &graph) }

  /// Quantizes and returns the number of products quantized.
  public func apply(to graph: inout Graph) throws(GraphError) -> Int {
    let excluded = try NodePatterns(nodes_to_exclude)
    try excluded.expectMatches(in: graph.sorted())
    var count = 0
    for node in graph.sorted() where !excluded.match(node) {
      let isQuantized =
        switch node.op {
        case is MatMul, is Gemm: try quantize(node, in: &graph)
        case let lstm as LSTM: try quantize(lstm, node, in: &graph)
        case is GRU, is RNN: try quantizeWeights(of: node, in: &graph)
        default: false
        }
      if isQuantized { count += 1 }
    }
    graph.removeDeadNodes()
    return count
  }

  private func quantize(_ node: Node, in graph: inout Graph) throws(GraphError) -> Bool {
    guard let op = node.op as? any WeightedOp, let layout = op.weightLayout(graph.call(for: node)),
      let x = node.operands[0], graph.tensorType(of: x).element == .float32, graph.constant(x) == nil,
      var weights = graph.constant(node.operands[1]), weights.element == .float32, weights.sizes.count == 2
    else { return false }
    if layout.outputAxis == 0 { weights = weights.transposed() }
    let name = graph.name(of: node.operands[1]!)
    let quantized = QuantizedWeights(weights, axis: per_channel ? 1 : nil)
    let shape = per_channel ? [quantized.scales.count] : []
    let dynamic = try graph.apply(DynamicQuantizeLinear(), [x], resultCount: 3, named: "\(node.name)_quantize")
    let integers = graph.constant(quantized.integers, "\(name)_quantized")
    let zeros = graph.constant(
      Tensor([Int8](repeating: 0, count: quantized.scales.count), shape: shape), "\(name)_zero_point")
    let sum = try graph.apply(MatMulInteger(), dynamic[0], integers, dynamic[2], zeros, named: node.name)
    var cast = Cast()
    cast.to = .float32
    let scale = try graph.apply(
      Mul(), dynamic[1], graph.constant(Tensor(quantized.scales, shape: shape), "\(name)_scale"))
    var result = try graph.apply(Mul(), graph.apply(cast, sum), scale)
    if node.op is Gemm, node.operands.count > 2, let bias = node.operands[2] {
      result = try graph.apply(Add(), result, bias)
    }
    graph.replace(node.result, with: result)
    return true
  }
}

extension QuantizeDynamically {
  private func quantize(_ lstm: LSTM, _ node: Node, in graph: inout Graph) throws(GraphError) -> Bool {
    guard let op = Microsoft.DynamicQuantizeLSTM(lstm), let x = node.operands[0],
      graph.tensorType(of: x).element == .float32
    else { return false }
    var matrices: [(name: String, weights: RecurrentIntegers)] = []
    for operand in node.operands[1...2] {
      guard let tensor = graph.constant(operand), tensor.element == .float32, tensor.sizes.count == 3 else {
        return false
      }
      matrices.append((graph.name(of: operand!), RecurrentIntegers(tensor, perRow: per_channel)))
    }
    var operands = node.operands + [Value?](repeating: nil, count: 8 - node.operands.count)
    for (i, matrix) in matrices.enumerated() {
      operands[1 + i] = graph.constant(matrix.weights.integers, "\(matrix.name)_quantized")
      operands.append(graph.constant(matrix.weights.scales, "\(matrix.name)_scale"))
      operands.append(graph.constant(matrix.weights.zeros, "\(matrix.name)_zero_point"))
    }
    let results = try graph.apply(op, operands, resultCount: node.results.count, named: node.name)
    for (old, new) in zip(node.results, results) { graph.replace(old, with: new) }
    return true
  }
}

extension QuantizeDynamically {
  /// Stores W and R of a recurrent operator as bytes, with one scale or one per row of all directions.
  private func quantizeWeights(of node: Node, in graph: inout Graph) throws(GraphError) -> Bool {
    var operands = node.operands
    for i in 1...2 {
      guard let tensor = graph.constant(operands[i]), tensor.element == .float32, tensor.sizes.count == 3 else {
        return false
      }
    }
    for i in 1...2 {
      let name = graph.name(of: operands[i]!)
      let quantized = QuantizedWeights(graph.constant(operands[i])!, axis: per_channel ? 1 : nil)
      let shape = per_channel ? [quantized.scales.count] : []
      var dequantize = DequantizeLinear()
      dequantize.axis = 1
      operands[i] = try graph.apply(
        dequantize, graph.constant(quantized.integers, "\(name)_quantized"),
        graph.constant(Tensor(quantized.scales, shape: shape), "\(name)_scale"),
        graph.constant(
          Tensor([Int8](repeating: 0, count: quantized.scales.count), shape: shape), "\(name)_zero_point"))
    }
    graph.setOperands(of: node.id, to: operands)
    return true
  }
}

/// Weights `[directions, rows, depth]` of a recurrent operator as s8 `[directions, depth, rows]`.
private struct RecurrentIntegers {
  let integers: Tensor
  /// `[directions, rows]`, or `[directions]`.
  let scales: Tensor
  let zeros: Tensor

  init(_ weights: Tensor, perRow: Bool) {
    let (directions, rows, depth) = (weights.sizes[0], weights.sizes[1], weights.sizes[2])
    let groups = perRow ? directions * rows : directions
    let flat = Tensor(weights.floats, shape: [groups, perRow ? depth : rows * depth])
    let quantized = QuantizedWeights(flat, axis: 0)
    let values = quantized.integers.integers
    var turned = [Int8](repeating: 0, count: values.count)
    for direction in 0..<directions {
      for row in 0..<rows {
        for i in 0..<depth {
          turned[(direction * depth + i) * rows + row] = Int8(values[(direction * rows + row) * depth + i])
        }
      }
    }
    integers = Tensor(turned, shape: [directions, depth, rows])
    let shape = perRow ? [directions, rows] : [directions]
    scales = Tensor(quantized.scales, shape: shape)
    zeros = Tensor([Int8](repeating: 0, count: groups), shape: shape)
  }
}

extension Tensor {
  /// A float32 matrix with its axes exchanged.
  func transposed() -> Tensor {
    let (rows, columns) = (sizes[0], sizes[1])
    let values = floats
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}
