import HoneIR
import HoneOperators

/// Gives operators the form that they have in training.
struct PrepareForTraining: Sendable {
  /// Normalizations use statistics of the batch.
  var trainsNormalization = true

  /// Next values of running statistics: what is kept of the old, what is taken of the new.
  struct Statistic: Sendable {
    var state: Value
    var next: Value
    var kept: Float
    var taken: Float
  }

  /// Changes `graph`; returns what becomes of running statistics.
  func run(on graph: inout Graph) throws(GraphError) -> [Statistic] {
    var statistics: [Statistic] = []
    guard trainsNormalization else { return [] }
    for node in graph.sorted() {
      guard let norm = node.op as? BatchNormalization, isTrained(node, graph) else { continue }
      statistics += try train(norm, node, &graph)
    }
    graph.removeDeadNodes()
    return statistics
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
