import HoneIR
import HoneOperators

/// Gives operators the form that they have in training.
struct PrepareForTraining: Sendable {
  /// Normalizations use statistics of the batch.
  var trainsNormalization = true
  var seed = 0
  /// How often the last residual branch is left out.
  var stochasticDepth: Float = 0

  /// Next values of running statistics: what is kept of the old, what is taken of the new.
  struct Statistic: Sendable {
    var state: Value
    var next: Value
    var kept: Float
    var taken: Float
  }

  /// Changes `graph`, in which `runs` counts runs; returns what becomes of running statistics.
  func run(on graph: inout Graph, runs: Value) throws(GraphError) -> [Statistic] {
    var statistics: [Statistic] = []
    var drops = 0
    for node in graph.sorted() {
      switch node.op {
      case let norm as BatchNormalization where trainsNormalization && isTrained(node, graph):
        statistics += try train(norm, node, &graph)
      case is Dropout:
        drops += 1
        try drop(node, drops, runs, &graph)
      default: break
      }
    }
    if stochasticDepth > 0 { try dropBranches(runs, &graph) }
    graph.removeDeadNodes()
    return statistics
  }

  /// Dropout by a rule that the gradient repeats. The ratio must be known.
  private func drop(_ node: Node, _ number: Int, _ runs: Value, _ graph: inout Graph) throws(GraphError) {
    var ratio = 0.5
    if node.operands.count > 1, let operand = node.operands[1] {
      guard let tensor = graph.constant(operand), tensor.elementCount == 1 else {
        throw GraphError(.unsupported, "the ratio of dropout depends on data").at(node.place)
      }
      ratio = tensor.double(at: 0)
    }
    if node.results.count > 1, graph.userCount(of: node.results[1]) > 0 || graph.isOutput(node.results[1]) {
      throw GraphError(.unsupported, "the mask of dropout is read, and training keeps none").at(node.place)
    }
    guard let x = node.operands[0] else { return }
    guard ratio > 0 else { return graph.replace(node.result, with: x) }
    graph.replace(node.result, with: try graph.apply(drop(Float(ratio), number), x, runs))
  }

  private func drop(_ ratio: Float, _ number: Int) -> DropRandomly {
    var op = DropRandomly()
    op.ratio = ratio
    op.seed = seed &+ number &* 0x1_0000_0000
    return op
  }

  private func isTrained(_ node: Node, _ graph: Graph) -> Bool {
    func isTrained(_ value: Value?) -> Bool { value.map { graph.trainable.contains($0) } ?? false }
    return isTrained(node.operands[1]) || isTrained(node.operands[2])
  }

  /// The operator's running variance is that of the batch as a population; PyTorch, as it is here, keeps the unbiased
  /// estimate, n/(n − 1) times as large: running' = c·(m·running + (1 − m)·v) + (1 − c)·m·running with c = n/(n − 1).
  private func train(_ norm: BatchNormalization, _ node: Node, _ graph: inout Graph) throws(GraphError) -> [Statistic] {
    var training = norm
    training.training_mode = true
    let results = try graph.apply(training, node.operands, resultCount: 3, named: node.name)
    graph.replace(node.result, with: results[0])
    let sizes = try graph.sizes(of: results[0])
    let n = Float(sizes.reduce(1, *) / max(sizes.count > 1 ? sizes[1] : 1, 1))
    guard let mean = node.operands[3], let variance = node.operands[4], n > 1 else {
      throw GraphError(.input, "statistics of a batch need more than one value per channel").at(node.place)
    }
    let correction = n / (n - 1)
    return [
      Statistic(state: mean, next: results[1], kept: 0, taken: 1),
      Statistic(state: variance, next: results[2], kept: (1 - correction) * norm.momentum, taken: correction),
    ]
  }
}
