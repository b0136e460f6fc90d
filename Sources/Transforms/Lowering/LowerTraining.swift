public import HoneIR
import HoneOperators
import HoneRuntime

/// Gives the layers of a graph that is to be trained their fast forms: channels-last convolutions, pools and normalizations.
///
/// Weights of convolutions that are states come to lie as `[kernel…, C/group, M]`. Lowered graphs are not saved.
public struct LowerTraining: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("Conv(x, w) → channels last, trained", on: Conv.self) { (conv, node, graph) throws(GraphError) in
          guard graph.isTrainedLayer(node), let weights = try graph.trainedWeights(node) else { return nil }
          return try graph.applyChannelsLast(
            NHWCTrainedConv(conv), [node.operands[0], weights] + node.operands.dropFirst(2), node)
        },
        Rule("ConvTranspose(x, w) → channels last, trained", on: ConvTranspose.self) {
          (conv, node, graph) throws(GraphError) in
          guard graph.isTrainedLayer(node), let weights = try graph.trainedWeights(node) else { return nil }
          let op = try conv.asInputGradient(graph.call(for: node))
          let x = try graph.channelsLast(node.operands[0])
          var y = try graph.apply(op, x, weights, named: node.name)
          if node.operands.count > 2, let bias = node.operands[2] { y = try graph.apply(Add(), y, bias) }
          return try graph.channelsFirst(y)
        },
        LowerLayout.layer("MaxPool(x) → channels last", on: MaxPool.self) { pool in NHWCMaxPool(pool) },
        LowerLayout.layer("AveragePool(x) → channels last", on: AveragePool.self) { pool in NHWCAveragePool(pool) },
        LowerLayout.layer("GlobalAveragePool(x) → channels last", on: GlobalAveragePool.self) { _ in
          NHWCGlobalAveragePool()
        },
      ]),
      .step("batch normalization → channels last") { (graph: inout Graph) throws(GraphError) in
        try graph.lowerBatchNormalizations()
      },
      .step("transposes move behind elementwise operators") { (graph: inout Graph) throws(GraphError) in
        try graph.sinkTransposes()
      },
    ]
  }
}

extension Graph {
  /// A convolution of one to three axes over fp32 data of known sizes.
  fileprivate func isTrainedLayer(_ node: Node) -> Bool {
    guard let x = node.operands[0], let sizes = tensorType(of: x).sizes, let w = node.operands[1] else { return false }
    return (3...5).contains(sizes.count) && tensorType(of: x).element == .float32 && tensorType(of: w).sizes != nil
      && !sizes.contains(0)
  }

  /// The weights of `node` as `[kernel…, C/group, M]`.
  fileprivate mutating func trainedWeights(_ node: Node) throws(GraphError) -> Value? {
    guard let weights = node.operands[1], let rank = tensorType(of: weights).rank else { return nil }
    let order = WeightOrder.toTrained(rank: rank)
    if case .state(let initial, _) = origin(of: weights), userCount(of: weights) == 1, updates[weights] == nil {
      return replaceState(weights, initial: try initial.transposed(order))
    }
    if let tensor = constant(weights) { return constant(try tensor.transposed(order), name(of: weights)) }
    var transpose = Transpose()
    transpose.perm = order
    return try apply(transpose, weights)
  }

  /// Normalizations by the batch's own statistics; returns how many.
  fileprivate mutating func lowerBatchNormalizations() throws(GraphError) -> Int {
    var count = 0
    for node in sorted() {
      guard let op = node.op as? BatchNormalization, op.training_mode, let x = node.operands[0],
        let rank = tensorType(of: x).rank, rank >= 2, tensorType(of: x).element == .float32
      else { continue }
      let last = rank == 2 ? x : try channelsLast(x)
      let results = try apply(
        op.channelsLast, [last] + node.operands.dropFirst(), resultCount: 5, named: node.name)
      replace(node.result, with: rank == 2 ? results[0] : try channelsFirst(results[0]))
      for (old, new) in zip(node.results.dropFirst(), results[3...]) { replace(old, with: new) }
      count += 1
    }
    return count
  }
}

extension Tensor {
  /// The same elements with axis `i` of the result axis `order[i]` of this tensor.
  public func transposed(_ order: [Int]) throws(GraphError) -> Tensor {
    var transpose = Transpose()
    transpose.perm = order
    guard let result = try Interpreter.evaluate(transpose, [self], resultCount: 1)?.first else {
      throw GraphError(.unsupported, "\(type) has no kernel for a transpose")
    }
    return result
  }
}
