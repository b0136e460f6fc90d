public import HoneDatasets
public import HoneIR

/// All that decides how a model is trained, but for the model and the data.
public struct TrainingSetup: Sendable {
  /// Loss, optimizer, and what else is part of a step.
  public var options = TrainingOptions()
  public var learningRate = LearningRate(1e-3)
  /// How long, and what is looked at on the way.
  public var run = TrainerOptions()
  /// Samples in a step.
  public var batch = 32
  public var augmentations: [Augmentation] = []
  public var targets = TargetForm.automatic
  /// What becomes of samples that do not fill the last batch of an epoch.
  public var remainder = BatchSampler.Remainder.drop

  public init() {}

  /// A trainer of `model`: its graph is made for the sizes of the first batch.
  ///
  /// Throws what does not fit: data that lacks an input, a batch that the model does not take, a loss of other outputs.
  public func trainer(_ model: Graph, on data: Dataset, validation: Dataset? = nil) throws(GraphError) -> Trainer {
    guard let optimizer = options.optimizer as? any FullBatchOptimizer else {
      return try trainer(model, on: data, validation: validation, fullBatch: nil)
    }
    return try forFullBatch(optimizer, sampleCount: data.count)
      .trainer(model, on: data, validation: validation, fullBatch: optimizer)
  }

  private func trainer(
    _ model: Graph, on data: Dataset, validation: Dataset?, fullBatch: (any FullBatchOptimizer)?
  ) throws(GraphError) -> Trainer {
    let names = model.inputs.map { model.name(of: $0) }
    let bound = try data.bound(to: names)
    let batches = try TrainingBatches(
      bound, batch: batch, order: .seeded(run.seed), remainder: remainder, augmentations: augmentations,
      targets: targets, seed: run.seed)
    guard let first = try batches.next() else { throw GraphError(.input, "there is nothing to train on") }
    let types = try names.map { name throws(GraphError) in
      guard let tensor = first[name] else { throw GraphError(.input, "the data has nothing for input ‘\(name)’") }
      return tensor.type
    }
    for (input, type) in zip(model.inputs, types) where !model.type(of: input).isCompatible(with: .tensor(type)) {
      throw GraphError(
        .input,
        "input ‘\(model.name(of: input))’ must be \(model.type(of: input)), a batch of the data is \(type); where the model has a fixed batch, --batch must be that"
      )
    }
    let trained = try ScoringOutputs(model, loss: options.loss)
    var options = options
    options.seed = Int(truncatingIfNeeded: run.seed)
    options.teacher = try options.teacher.map { teacher throws(GraphError) in
      try ScoringOutputs(teacher, loss: options.loss).graph
    }
    let training = try TrainingGraph(trained.graph, inputs: types, targets: [first.targets.type], options: options)
    var judge = validation.map { Validation($0, batch: batch, loss: options.loss, targets: batches.targetForm) }
    judge?.teacher = options.teacher
    judge?.threads = run.threads
    var source = Trainer.Source.batches(batches)
    if let fullBatch {
      batches.stop()
      try training.expectSameLossInEveryRun(fullBatch)
      source = .all(FullBatchDescent(training, try parts(bound), fullBatch.search))
    }
    let trainer = try Trainer(
      training, source, validation: judge, learningRate: learningRate, isAveraged: options.averaging != nil,
      accumulation: options.accumulation, options: run)
    trainer.finish = trained.restored
    return trainer
  }
}
