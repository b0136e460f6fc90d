import HoneIR
import HoneOperators

/// A model whose outputs are scores where it ends in their softmax or sigmoid: losses that take scores apply these themselves.
struct ScoringOutputs {
  /// The model to train.
  private(set) var graph: Graph
  private let original: [Value]

  init(_ model: Graph, loss: any Loss) throws(GraphError) {
    (graph, original) = (model, model.outputs)
    // Regions are unfolded, and values then are others.
    guard !model.sorted().contains(where: { $0.op is any RegionOp }) else { return }
    for (i, output) in original.enumerated() {
      guard let node = model.producer(of: output), let scores = node.operands.first ?? nil else { continue }
      let isApplied =
        switch node.op {
        case is Softmax: loss is CrossEntropy || loss is KLDivergence || loss is FocalLoss || loss is WeightedSum
        case is Sigmoid: loss is BinaryCrossEntropy
        default: false
        }
      if isApplied { graph.outputs[i] = scores }
    }
  }

  /// `trained`, a copy of `graph` with other weights, with the outputs that the model had.
  func restored(_ trained: Graph) -> Graph {
    guard original != graph.outputs else { return trained }
    var model = trained
    model.outputs = original
    return model
  }
}
