public import HoneDatasets
public import HoneIR

extension Graph {
  /// Trains the model on labelled samples and gives back the same model with better weights.
  ///
  ///     let data = try Dataset.open("digits").split(0.1, seed: 0, stratified: true)
  ///     let trained = try graph.train(on: data.training, validation: data.held, epochs: 5) { event in … }
  ///     try ONNXModel(graph: trained.model).write(to: url)
  ///
  /// - Parameters:
  ///   - data: samples, preprocessed as the model takes them.
  ///   - validation: samples to judge the weights on after each epoch; the result has the best weights found. Without, they are
  ///     judged by the loss in training.
  ///   - rate: the learning rate, or a schedule of it.
  ///   - observe: is told what happens.
  public func train(
    on data: Dataset, validation: Dataset? = nil, loss: any Loss = CrossEntropy(),
    optimizer: any Optimizer = AdamWOptimizer(), rate: LearningRate = LearningRate(1e-3), epochs: Int = 10,
    batch: Int = 32, seed: UInt64 = 0, threads: Int = 1, augmentations: [Augmentation] = [],
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws(GraphError) -> TrainingResult {
    var setup = TrainingSetup()
    (setup.options.loss, setup.options.optimizer) = (loss, optimizer)
    (setup.learningRate, setup.batch, setup.augmentations) = (rate, batch, augmentations)
    (setup.run.epochs, setup.run.seed, setup.run.threads) = (epochs, seed, threads)
    let trainer = try setup.trainer(self, on: data, validation: validation)
    let observer = ClosureObserver(observe)
    trainer.observers = [observer]
    return try trainer.run()
  }
}

/// Tells a closure.
private final class ClosureObserver: TrainingObserver {
  private let body: (TrainingEvent) -> Void
  init(_ body: @escaping (TrainingEvent) -> Void) { self.body = body }
  func observe(_ event: TrainingEvent) { body(event) }
}
