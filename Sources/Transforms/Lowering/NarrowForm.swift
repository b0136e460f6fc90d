import HoneIR
import HoneOperators

/// What becomes of a float32 node when its data is bfloat16.
struct NarrowForm {
  var op: any Op
  var operands: [Value?]
  /// The operands that become bfloat16; the others stay what they are.
  var data: Set<Int>
  /// The results of the node that the form gives, in its order.
  var results: [Value]
  /// Multiply-adds that bfloat16 makes cheaper; 0 for operators that only move or map elements.
  var work = 0
  /// The operator with float32 results from bfloat16 data, if there is that too.
  var wide: (any Op)?
  /// Only weights are rounded: operands and results stay float32.
  var keepsData = false

  init?(_ node: Node, in graph: Graph) {
    (op, operands, data, results) = (node.op, node.operands, [], node.results)
    guard node.results.allSatisfy({ graph.type(of: $0).tensor?.element == .float32 }), describe(node, in: graph)
    else { return nil }
    if keepsData { return }
    guard !data.isEmpty else { return nil }
    let isFloat = data.allSatisfy { i in operands[i].map { graph.element(of: $0) == .float32 } ?? false }
    guard isFloat, data.contains(where: { graph.constant(operands[$0]) == nil }) else { return nil }
  }

  private mutating func describe(_ node: Node, in graph: Graph) -> Bool {
    switch node.op {
    case let conv as NHWCConv: return convolution(conv, node, graph)
    case let linear as Linear:
      guard let weights = graph.constant(operands[1]), linear.hasKernelForActivation else { return false }
      data = operands.count > 3 ? [0, 3] : [0]
      work = weights.elementCount * graph.nominalSize(of: operands[0]) / max(weights.sizes[linear.transB ? 1 : 0], 1)
      var wide = linear
      wide.to = .float32
      if operands.count < 4 { self.wide = wide }
    case let attention as Attention:
      // Counts of valid keys come with a kernel that knows all masks.
      let isCounted = operands.count > 6 && operands[6] != nil
      let isPlain = attention.softcap == 0 && attention.left_window_size < 0 && attention.right_window_size < 0
      guard node.results.count == 1, !operands.dropFirst(4).prefix(2).contains(where: { $0 != nil }),
        isCounted || isPlain
      else { return false }
      if operands.count > 3, let mask = operands[3], let element = graph.element(of: mask) {
        guard element == .float32 || isCounted && element == .bool else { return false }
      }
      data = [0, 1, 2]
      let keys = graph.shape(of: operands[1])?.dropLast().last?.size ?? 1
      work = 2 * keys * graph.nominalSize(of: operands[0])
    case is LSTM, is GRU, is RNN: return recurrence(node, graph)
    case let norm as LayerNormalization:
      return normalization(Self.narrow(norm.epsilon), axis: norm.axis, node, graph)
    case let norm as RMSNormalization:
      return normalization(Self.narrow(norm.epsilon, rootMeanSquare: true), axis: norm.axis, node, graph)
    case let norm as Microsoft.SkipLayerNormalization:
      return skipNormalization(Self.narrow(norm.epsilon), node, scale: 2, shift: 3, bias: 4, graph)
    case let norm as Microsoft.SkipSimplifiedLayerNormalization:
      let narrow = Self.narrow(norm.epsilon, rootMeanSquare: true)
      return skipNormalization(narrow, node, scale: 2, shift: nil, bias: 3, graph)
    case let rotary as RotaryEmbedding:
      guard operands.count > 2, graph.element(of: operands[1]) == .float32 else { return false }
      (op, data) = (NarrowRotaryEmbedding(rotary), [0])
    case is NHWCMaxPool, is NHWCAveragePool, is NHWCGlobalAveragePool, is NHWCChannelShuffle: data = [0]
    case is Transpose, is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Identity, is Slice, is Split, is Expand:
      data = [0]
    case is Gather: data = [0]
    case is TensorScatter: data = [0, 1]
    case is NHWCShuffleSplit: data = Set(operands.indices)
    case is Relu, is Sigmoid, is Tanh, is HardSigmoid, is HardSwish, is Swish, is QuickGelu, is Gelu, is LeakyRelu,
      is Elu, is Neg, is Abs:
      data = [0]
    case is Clip, is Concat, is Add, is Sub, is Mul, is Div, is Max, is Min, is PRelu, is Microsoft.BiasGelu:
      data = Set(operands.indices.filter { operands[$0] != nil })
    default: return false
    }
    return true
  }

  private mutating func convolution(_ conv: NHWCConv, _ node: Node, _ graph: Graph) -> Bool {
    guard let weights = graph.constant(operands[1]), conv.hasKernelForActivation,
      let channels = graph.shape(of: operands[0])?.last?.size
    else { return false }
    data = operands.count > 3 && operands[3] != nil ? [0, 3] : [0]
    work = weights.elementCount / max(weights.sizes[0], 1) * graph.nominalSize(of: node.result)
    let isDepthwise = conv.group > 1 && conv.group == channels && weights.sizes[0] == channels
    var wide = conv
    wide.to = .float32
    if data == [0], !isDepthwise { self.wide = wide }
    return true
  }

  /// Fewer weights of a recurrent operator stay in the first-level cache, where nobody waits for them.
  private static let leastWeights = 1 << 13

  private mutating func recurrence(_ node: Node, _ graph: Graph) -> Bool {
    guard let narrow = NarrowRecurrent(node.op), let w = graph.constant(operands[1]), w.element == .float32,
      let r = graph.constant(operands[2]), r.element == .float32, graph.element(of: operands[0]) == .float32,
      r.elementCount > 0, w.elementCount + r.elementCount >= Self.leastWeights, let inputs = w.sizes.last, inputs > 0
    else { return false }
    (op, keepsData) = (narrow, true)
    work = (w.elementCount + r.elementCount) * (graph.nominalSize(of: operands[0]) / inputs)
    return true
  }

  private static func narrow(_ epsilon: Float, rootMeanSquare: Bool = false) -> NarrowLayerNormalization {
    var narrow = NarrowLayerNormalization()
    (narrow.epsilon, narrow.root_mean_square) = (epsilon, rootMeanSquare)
    return narrow
  }

  private mutating func normalization(
    _ narrow: NarrowLayerNormalization, axis: Int, _ node: Node, _ graph: Graph
  ) -> Bool {
    guard node.results.count == 1, let rank = graph.rank(of: operands[0]), axis == -1 || axis == rank - 1,
      operands.dropFirst().allSatisfy({ graph.isVector($0, along: operands[0]) })
    else { return false }
    (op, data) = (narrow, [0])
    return true
  }

  /// Of ONNX Runtime's normalizations of a sum, with the positions of their operands.
  private mutating func skipNormalization(
    _ narrow: NarrowLayerNormalization, _ node: Node, scale: Int, shift: Int?, bias: Int, _ graph: Graph
  ) -> Bool {
    let given = operands + Array(repeating: nil, count: max(0, 5 - operands.count))
    let all = [given[0], given[1], given[scale], shift.flatMap { given[$0] }, given[bias]]
    guard all[2...].allSatisfy({ graph.isVector($0, along: all[0]) }), let x = all[0], let skip = all[1],
      graph.haveSameType(x, skip), all[2] != nil, node.results.count == 1 || node.results.count == 4,
      node.results.dropFirst().dropLast().allSatisfy({ graph.userCount(of: $0) == 0 && !graph.isOutput($0) })
    else { return false }
    op = narrow
    operands = [x, all[2], all[3], skip, all[4]]
    while case .some(nil) = operands.last { operands.removeLast() }
    results = node.results.count == 4 ? [node.results[0], node.results[3]] : node.results
    data = [0, 3]
    return true
  }
}

extension Graph {
  /// Elements of `value`, sizes that are not known counting as 1.
  func nominalSize(of value: Value?) -> Int {
    (shape(of: value) ?? []).reduce(1) { $0 * max($1.size ?? 1, 1) }
  }

  /// Absent, or a constant float32 vector as long as the last axis of `x`.
  fileprivate func isVector(_ value: Value?, along x: Value?) -> Bool {
    guard let value else { return true }
    guard let tensor = constant(value), tensor.element == .float32, let last = shape(of: x)?.last?.size else {
      return false
    }
    return tensor.sizes == [last]
  }
}
