import HoneIR
import HoneOperators

/// A model whose outputs are scores where it ends in their softmax or sigmoid, which losses that take scores apply themselves, or in
/// the index of the largest one, which has no gradient.
struct ScoringOutputs {
  /// The model to train.
  private(set) var graph: Graph
  private let original: [Value]

  init(_ model: Graph, loss: any Loss) throws(GraphError) {
    (graph, original) = (model, model.outputs)
    // Regions are unfolded, and values then are others.
    guard !model.sorted().contains(where: { $0.op is any RegionOp }) else { return }
    for (i, output) in original.enumerated() {
      let scores = Self.isOfClasses(loss) ? Self.beforeChoice(output, in: model) : output
      graph.outputs[i] = Self.beforeActivation(scores, in: model, loss)
    }
  }

  private static func isOfClasses(_ loss: any Loss) -> Bool {
    loss is CrossEntropy || loss is KLDivergence || loss is FocalLoss || loss is WeightedSum
  }

  /// What `output` is the class with the highest score of; itself if it is none.
  private static func beforeChoice(_ output: Value, in model: Graph) -> Value {
    guard let node = model.producer(of: output), let choice = node.op as? ArgMax,
      let scores = node.operands.first ?? nil
    else { return output }
    guard choice.axis == 1 || model.tensorType(of: scores).shape?.count == 2 && choice.axis == -1 else { return output }
    return scores
  }

  private static func beforeActivation(_ output: Value, in model: Graph, _ loss: any Loss) -> Value {
    guard let node = model.producer(of: output), let scores = node.operands.first ?? nil else { return output }
    switch node.op {
    case is Softmax: return isOfClasses(loss) ? scores : output
    case is Sigmoid: return loss is BinaryCrossEntropy ? scores : output
    default: return output
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
