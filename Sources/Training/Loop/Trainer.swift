import Foundation
public import HoneDatasets
public import HoneIR
import HoneRuntime

/// Trains a model: runs steps, judges the weights now and then, keeps the best, writes checkpoints, and stops when it should.
///
///     var setup = TrainingSetup()
///     (setup.batch, setup.run.epochs) = (64, 5)
///     let trainer = try setup.trainer(model, on: data.training, validation: data.held)
///     let result = try trainer.run()
///
/// With the same seed the result has the same bits, for any number of threads, and however often training was interrupted and
/// went on from a checkpoint.
public final class Trainer {
  public let runner: StepRunner
  public let options: TrainerOptions
  public private(set) var progress: TrainingProgress
  /// Where checkpoints are kept; none are if nil.
  public var checkpoints: CheckpointFolder?
  /// How the training was set up, as JSON; a checkpoint of another recipe is refused.
  public var recipe = "{}"
  public var observers: [any TrainingObserver] = []
  /// Asked before every step; training then ends with a checkpoint.
  public var isInterrupted: () -> Bool = { false }

  /// What is done to the model before it is given back.
  var finish: (Graph) -> Graph = { $0 }

  let validation: Validation?
  let isAveraged: Bool
  private let accumulation: Int
  var best: [String: Tensor]?
  private let source: Source
  private var recordStart = ContinuousClock.now

  /// - Parameters:
  ///   - validation: what the weights are judged on; by the loss of the training steps if nil.
  ///   - isAveraged: the weights that are judged and given back are the averages, which the graph keeps.
  ///   - accumulation: steps whose gradients make one update, as in the graph.
  public convenience init(
    _ training: TrainingGraph, _ batches: TrainingBatches, validation: Validation? = nil,
    learningRate: LearningRate, isAveraged: Bool = false, accumulation: Int = 1,
    options: TrainerOptions = TrainerOptions()
  ) throws(GraphError) {
    try self.init(
      training, .batches(batches), validation: validation, learningRate: learningRate, isAveraged: isAveraged,
      accumulation: accumulation, options: options)
  }

  /// What a step goes over.
  enum Source {
    case batches(TrainingBatches)
    case all(FullBatchDescent)

    var stepsPerEpoch: Int { if case .batches(let batches) = self { batches.stepsPerEpoch } else { 1 } }
  }

  init(
    _ training: TrainingGraph, _ source: Source, validation: Validation?, learningRate: LearningRate, isAveraged: Bool,
    accumulation: Int, options: TrainerOptions
  ) throws(GraphError) {
    (self.source, self.validation, self.isAveraged) = (source, validation, isAveraged)
    (self.options, self.accumulation) = (options, max(accumulation, 1))
    runner = try StepRunner(training, threads: options.threads)
    let judgesClasses = validation?.dataset.task == .classification
    let metric = options.metric ?? (judgesClasses ? .accuracy : .loss)
    guard metric == .loss || validation != nil else {
      throw GraphError(.attribute, "the metric \(metric.rawValue) needs data held back to judge on").at("option")
    }
    progress = TrainingProgress(
      stepsPerEpoch: source.stepsPerEpoch, seed: options.seed,
      stopping: EarlyStopping(metric: metric, patience: options.patience, margin: options.margin),
      learningRate: learningRate)
  }

  /// Samples that a step takes.
  var samplesPerStep: Int {
    if let descent { return descent.sampleCount }
    let graph = runner.training.graph
    return graph.inputs.first.flatMap { graph.tensorType(of: $0).sizes?.first } ?? 1
  }

  /// Steps of the whole training.
  public var totalSteps: Int { options.steps ?? options.epochs * source.stepsPerEpoch }

  /// Trains from where `progress` is to the end.
  public func run() throws(GraphError) -> TrainingResult {
    if case .batches(let batches) = source {
      try batches.seek(
        to: .init(epoch: progress.step / progress.stepsPerEpoch, step: progress.step % progress.stepsPerEpoch))
    }
    defer { if case .batches(let batches) = source { batches.stop() } }
    try tell(.started(step: progress.step, total: totalSteps, samplesPerStep: samplesPerStep))
    for note in runner.training.notes { try tell(.note(note)) }
    recordStart = .now
    while progress.step < totalSteps, !progress.stopping.isOver, !(descent?.isOver ?? false) {
      if isInterrupted() {
        try save()
        return try result(.interrupted)
      }
      try step()
    }
    return try result(progress.stopping.isOver && progress.step < totalSteps ? .stoppedEarly : .completed)
  }

  /// What makes steps that go over all data.
  var descent: FullBatchDescent? { if case .all(let descent) = source { descent } else { nil } }

  /// Runs a step and returns its loss; throws if that is not finite.
  private func loss(rate: Double) throws(GraphError) -> Double {
    switch source {
    case .batches(let batches):
      guard let batch = try batches.next() else { throw GraphError(.invariant, "the batches ended early") }
      try runner.set(batch)
      let loss = try runner.run(rate: rate)
      guard loss.isFinite else { throw try failure(loss, batch, rate) }
      return loss
    case .all(let descent):
      let loss = try descent.step(runner)
      guard loss.isFinite else { throw try failure(loss, descent.culprit(runner), rate) }
      return loss
    }
  }

  private func step() throws(GraphError) {
    let rate = progress.learningRate.value(progress.step / accumulation)
    let loss = try loss(rate: rate)
    progress.step += 1
    progress.recordLoss.add(loss)
    progress.evaluationLoss.add(loss)
    try tell(.step(progress.step, loss: loss, rate: rate))
    let isLast = progress.step == totalSteps || (descent?.isOver ?? false)
    var isDue = isLast || progress.step % max(options.recordInterval, 1) == 0
    var scores: ValidationScores?
    if isLast || progress.step % max(options.evaluationInterval ?? progress.stepsPerEpoch, 1) == 0 {
      let start = ContinuousClock.now
      scores = try judge()
      recordStart += ContinuousClock.now - start
      isDue = true
    }
    if isDue { try record(rate, scores) }
    let interval = max(options.checkpointInterval ?? progress.stepsPerEpoch, 1)
    if isLast || progress.stopping.isOver || progress.step % interval == 0 { try save() }
  }

  private func record(_ rate: Double, _ scores: ValidationScores?) throws(GraphError) {
    let seconds = ContinuousClock.now - recordStart
    let samples = Double(progress.recordLoss.count * samplesPerStep)
    let record = TrainingRecord(
      step: progress.step, epoch: progress.epoch, loss: progress.recordLoss.mean, rate: rate,
      samplesPerSecond: samples / max(seconds.inSeconds, 1e-9), validation: scores?.named)
    progress.recordLoss = .init()
    progress.history.append(record)
    recordStart = .now
    try tell(.record(record))
  }

  func tell(_ event: TrainingEvent) throws(GraphError) {
    for observer in observers { try observer.observe(event) }
  }

  func setProgress(_ progress: TrainingProgress) { self.progress = progress }
  func change(_ body: (inout TrainingProgress) -> Bool) -> Bool { body(&progress) }

  /// Why training cannot go on, with the node that is to blame.
  private func failure(_ loss: Double, _ batch: TrainingBatch?, _ rate: Double) throws(GraphError) -> GraphError {
    let finding = try batch.flatMap { batch throws(GraphError) in try runner.explain(batch, rate: rate) }
    let cause = finding.map { "\($0.place) is the first: \($0.text)" } ?? "running the batch again did not show where"
    let kept =
      checkpoints.map { $0.hasLast ? "the last good checkpoint is \($0.last.path)" : "there is no checkpoint yet" }
      ?? "no checkpoints are kept"
    let error = GraphError(
      .input,
      "the loss is \(loss.isNaN ? "NaN" : "infinite") in step \(progress.step + 1): \(cause); \(kept); a lower rate or a limit of the gradients' norm may help"
    )
    return finding.map { error.at($0.place) } ?? error
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
