import HoneIR
import HoneOperators

/// Brings biases, residual sums and activations into the layers before them, beyond what exported operators can say.
///
/// Lowered graphs are not saved.
public struct FuseLayers: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("MatMul(x, w) → Linear(x, w)", on: MatMul.self) { (_, node, graph) throws(GraphError) in
          try graph.linear(Linear(), node, Array(node.operands.prefix(2)))
        },
        Rule("Gemm(x, w, b) → Linear(x, w, b)", on: Gemm.self) { (gemm, node, graph) throws(GraphError) in
          guard !gemm.transA, gemm.beta == 1 || node.operands.count < 3 else { return nil }
          var linear = Linear()
          (linear.alpha, linear.transB) = (gemm.alpha, gemm.transB)
          return try graph.linear(linear, node, node.operands)
        },
        Rule("FusedGemm(x, w, b) → Linear(x, w, b)", on: FusedGemm.self) { (gemm, node, graph) throws(GraphError) in
          guard !gemm.transA, gemm.beta == 1 || node.operands.count < 3, gemm.activation_gamma == nil else {
            return nil
          }
          var linear = Linear()
          (linear.alpha, linear.transB, linear.activation) = (gemm.alpha, gemm.transB, gemm.activation)
          linear.activation_params = [gemm.activation_alpha, gemm.activation_beta].compactMap { $0 }
          return try graph.linear(linear, node, node.operands)
        },
        Rule("ReduceMean over an image, channels first → NHWCGlobalAveragePool", on: ReduceMean.self) {
          (mean, node, graph) throws(GraphError) in
          try graph.globalAverage(mean, node)
        },
      ]),
      .rules([
        Rule("BiasGelu(Linear(x), b) → Linear(x, b)", on: Microsoft.BiasGelu.self) {
          (_, node, graph) throws(GraphError) in
          guard let (linear, layer) = graph.bareLinear(node.operands[0]), let bias = node.operands[1],
            graph.isBias(bias, of: layer)
          else { return nil }
          var fused = linear
          fused.activation = "Gelu"
          return try graph.apply(fused, [layer.operands[0], layer.operands[1], bias], insteadOf: node)
        },
        Rule("Linear(x) + b → Linear(x, b), Linear(x) + y → Linear(x, y)", on: Add.self) {
          (_, node, graph) throws(GraphError) in
          try graph.addToLinear(node)
        },
      ]),
      .rules([
        Self.activated("Swish(layer(x)) → layer(x)", on: Swish.self) { $0.alpha == 1 ? "Swish" : nil },
        Self.activated("QuickGelu(layer(x)) → layer(x)", on: QuickGelu.self) { $0.alpha == 1 ? "Swish" : nil },
        Self.activated("HardSwish(layer(x)) → layer(x)", on: HardSwish.self) { _ in "HardSwish" },
        Self.activated("Gelu(layer(x)) → layer(x)", on: Gelu.self) { $0.approximate == .none ? "Gelu" : nil },
        Self.activated("Relu(layer(x)) → layer(x)", on: Relu.self) { _ in "Relu" },
        Self.activated("Sigmoid(layer(x)) → layer(x)", on: Sigmoid.self) { _ in "Sigmoid" },
        Self.activated("Tanh(layer(x)) → layer(x)", on: Tanh.self) { _ in "Tanh" },
      ]),
      .step("Split(ChannelShuffle(Concat(x, y))) → ShuffleSplit(x, y)") { (graph: inout Graph) throws(GraphError) in
        try graph.joinShuffles()
      },
    ]
  }

  private static func activated<O: Op>(
    _ name: String, on _: O.Type, _ activation: @escaping @Sendable (O) -> String?
  ) -> Rule {
    Rule(name, on: O.self) { (op, node, graph) throws(GraphError) in
      guard let name = activation(op) else { return nil }
      if let (conv, layer) = graph.soleProducer(of: node.operands[0], as: NHWCConv.self), conv.activation == nil {
        var fused = conv
        fused.activation = name
        return try graph.apply(fused, layer.operands, insteadOf: node)
      }
      if let (linear, layer) = graph.soleProducer(of: node.operands[0], as: Linear.self), linear.activation == nil {
        var fused = linear
        fused.activation = name
        return try graph.apply(fused, layer.operands, insteadOf: node)
      }
      return nil
    }
  }
}

extension Graph {
  /// `linear` of a float32 product with constant weights in the place of `node`.
  fileprivate mutating func linear(_ linear: Linear, _ node: Node, _ operands: [Value?]) throws(GraphError) -> Value? {
    guard linear.activation == nil || linear.hasKernelForActivation, element(of: node.result) == .float32,
      let x = operands[0], constant(x) == nil, let rank = rank(of: x), rank >= 2, let weights = constant(operands[1]),
      weights.sizes.count == 2, weights.elementCount > 0
    else { return nil }
    if operands.count > 2, let bias = operands[2] {
      guard let tensor = constant(bias), tensor.sizes == [weights.sizes[linear.transB ? 0 : 1]] else { return nil }
    }
    return try apply(linear, operands, insteadOf: node)
  }

  /// The product without activation that only one node reads.
  fileprivate func bareLinear(_ value: Value?) -> (op: Linear, node: Node)? {
    guard let (linear, node) = soleProducer(of: value, as: Linear.self), linear.activation == nil,
      node.operands.count == 2
    else { return nil }
    return (linear, node)
  }

  fileprivate func isBias(_ value: Value, of layer: Node) -> Bool {
    guard let tensor = constant(value), tensor.element == .float32, let n = shape(of: layer.result)?.last?.size else {
      return false
    }
    return tensor.sizes == [n]
  }

  fileprivate mutating func addToLinear(_ node: Node) throws(GraphError) -> Value? {
    guard let a = node.operands[0], let b = node.operands[1], a != b else { return nil }
    for (product, other) in [(a, b), (b, a)] {
      guard let (linear, layer) = soleProducer(of: product, as: Linear.self), linear.activation == nil else { continue }
      if layer.operands.count == 2, isBias(other, of: layer) {
        return try apply(linear, layer.operands + [other], insteadOf: node)
      }
      guard layer.operands.count <= 3, constant(other) == nil, haveSameType(product, other) else { continue }
      let bias = layer.operands.count > 2 ? layer.operands[2] : nil
      return try apply(linear, [layer.operands[0], layer.operands[1], bias, other], insteadOf: node)
    }
    return nil
  }

  /// Halves of shuffled channels from the tensors that are joined before.
  fileprivate mutating func joinShuffles() throws(GraphError) -> Int {
    var count = 0
    for node in sorted() where self[node.id] != nil {
      let apart: Bool, x: Value?
      if let split = node.op as? Split, node.results.count == 2, let rank = rank(of: node.operands[0]),
        split.axis == rank - 1 || split.axis == -1, type(of: node.results[0]) == type(of: node.results[1]),
        let (shuffle, inner) = soleProducer(of: node.operands[0], as: NHWCChannelShuffle.self), shuffle.group == 2
      {
        (apart, x) = (false, inner.operands[0])
      } else if let split = node.op as? NHWCShuffleSplit, split.apart, node.operands.count == 1 {
        (apart, x) = (true, node.operands[0])
      } else {
        continue
      }
      guard let x, let channels = shape(of: x)?.last?.size, channels % 4 == 0, !node.results.contains(where: isOutput)
      else { continue }
      var operands: [Value?] = [x]
      if let (concat, inner) = producer(of: x, as: Concat.self), inner.operands.count == 2, let rank = rank(of: x),
        concat.axis == rank - 1 || concat.axis == -1, let a = inner.operands[0], let b = inner.operands[1],
        type(of: a) == type(of: b)
      {
        operands = [a, b]
      } else if apart {
        continue
      }
      let names = node.results.map { name(of: $0) }
      let halves = try apply(
        NHWCShuffleSplit(apart: apart), operands, resultCount: 2, named: node.name, resultNames: names)
      for (old, new) in zip(node.results, halves) { replace(old, with: new) }
      count += 1
    }
    return count
  }

  fileprivate mutating func globalAverage(_ mean: ReduceMean, _ node: Node) throws(GraphError) -> Value? {
    guard let (transpose, inner) = producer(of: node.operands[0], as: Transpose.self), transpose.perm == [0, 3, 1, 2],
      element(of: node.result) == .float32, node.operands.count > 1, let axes = integers(node.operands[1]),
      Set(axes.map { $0 < 0 ? $0 + 4 : $0 }) == [2, 3], let sizes = shape(of: inner.operands[0]),
      let channels = sizes[3].size
    else { return nil }
    let pooled = try apply(NHWCGlobalAveragePool(), inner.operands[0])
    let target = mean.keepdims ? [0, channels, 1, 1] : [0, channels]
    if mean.keepdims { return try apply(Reshape(), [pooled, constant(.integers(target))], insteadOf: node) }
    return try apply(Flatten(), [pooled], insteadOf: node)
  }
}
