import HoneDatasets
import HoneIR
import HoneOperators

extension TrainingSetup {
  /// This setup as an optimizer of all data together takes it.
  ///
  /// Throws what makes the loss another function in every step, and what changes gradients or weights beside the optimizer.
  func forFullBatch(_ optimizer: any FullBatchOptimizer, sampleCount: Int) throws(GraphError) -> TrainingSetup {
    let refused: [(Bool, String)] = [
      (!augmentations.isEmpty, "augmentation"), (options.stochasticDepth > 0, "stochastic depth"),
      (options.accumulation > 1, "accumulation"), (options.averaging != nil, "averaging of weights"),
      (options.gradientNormLimit != nil || options.gradientLimit != nil, "limits of gradients"),
      (options.l1 != 0 || options.l2 != 0, "l1 and l2 beside the optimizer's weight decay"),
      (options.sparseEmbeddings, "sparse embeddings"), (options.rules.contains { $0.rate != nil }, "rates of weights"),
    ]
    if let (_, what) = refused.first(where: \.0) {
      throw GraphError(
        .attribute,
        "\(optimizer.name) looks for the least loss over all data, which excludes \(what); other optimizers take it"
      ).at("option")
    }
    var setup = self
    setup.batch = max(min(batch, sampleCount), 1)
    setup.learningRate = LearningRate(1)
    (setup.options.weighsSamples, setup.options.trainsNormalization) = (true, false)
    return setup
  }

  /// All of `data`, in batches of `batch`.
  func parts(_ data: Dataset) throws(GraphError) -> [FullBatchDescent.Part] {
    let batches = try TrainingBatches(
      data, batch: batch, order: .stored, remainder: .wrap, targets: targets, epochs: 1)
    var parts: [FullBatchDescent.Part] = []
    while let next = try batches.next() {
      parts.append(.init(batch: next, count: min(batch, data.count - next.step * batch)))
    }
    return parts
  }
}

extension TrainingGraph {
  /// Throws if a run's loss depends on chance.
  func expectSameLossInEveryRun(_ optimizer: any FullBatchOptimizer) throws(GraphError) {
    guard let node = graph.sorted().first(where: { $0.op is any RandomOp }) else { return }
    throw GraphError(
      .unsupported,
      "\(optimizer.name) looks for the least loss over all data, and this changes by chance; other optimizers take it"
    ).at(node.place)
  }
}
