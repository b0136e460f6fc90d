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
  private let batches: TrainingBatches
  private var recordStart = ContinuousClock.now

  /// - Parameters:
  ///   - validation: what the weights are judged on; by the loss of the training steps if nil.
  ///   - isAveraged: the weights that are judged and given back are the averages, which the graph keeps.
  ///   - accumulation: steps whose gradients make one update, as in the graph.
  public init(
    _ training: TrainingGraph, _ batches: TrainingBatches, validation: Validation? = nil,
    learningRate: LearningRate, isAveraged: Bool = false, accumulation: Int = 1,
    options: TrainerOptions = TrainerOptions()
  ) throws(GraphError) {
    (self.batches, self.validation, self.isAveraged) = (batches, validation, isAveraged)
    (self.options, self.accumulation) = (options, max(accumulation, 1))
    runner = try StepRunner(training, threads: options.threads)
    let judgesClasses = validation?.dataset.task == .classification
    let metric = options.metric ?? (judgesClasses ? .accuracy : .loss)
    guard metric == .loss || validation != nil else {
      throw GraphError(.attribute, "the metric \(metric.rawValue) needs data held back to judge on").at("option")
    }
    progress = TrainingProgress(
      stepsPerEpoch: batches.stepsPerEpoch, seed: options.seed,
      stopping: EarlyStopping(metric: metric, patience: options.patience, margin: options.margin),
      learningRate: learningRate)
  }

  /// Samples that a step takes.
  var samplesPerStep: Int {
    let graph = runner.training.graph
    return graph.inputs.first.flatMap { graph.tensorType(of: $0).sizes?.first } ?? 1
  }

  /// Steps of the whole training.
  public var totalSteps: Int { options.steps ?? options.epochs * batches.stepsPerEpoch }

  /// Trains from where `progress` is to the end.
  public func run() throws(GraphError) -> TrainingResult {
    try batches.seek(
      to: .init(epoch: progress.step / progress.stepsPerEpoch, step: progress.step % progress.stepsPerEpoch))
    defer { batches.stop() }
    try tell(.started(step: progress.step, total: totalSteps, samplesPerStep: samplesPerStep))
    for note in runner.training.notes { try tell(.note(note)) }
    recordStart = .now
    while progress.step < totalSteps, !progress.stopping.isOver {
      if isInterrupted() {
        try save()
        return try result(.interrupted)
      }
      try step()
    }
    return try result(progress.step < totalSteps ? .stoppedEarly : .completed)
  }

  private func step() throws(GraphError) {
    guard let batch = try batches.next() else { throw GraphError(.invariant, "the batches ended early") }
    let rate = progress.learningRate.value(progress.step / accumulation)
    try runner.set(batch)
    let loss = try runner.run(rate: rate)
    guard loss.isFinite else { throw try failure(loss, batch, rate) }
    progress.step += 1
    progress.recordLoss.add(loss)
    progress.evaluationLoss.add(loss)
    try tell(.step(progress.step, loss: loss, rate: rate))
    let isLast = progress.step == totalSteps
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
  private func failure(_ loss: Double, _ batch: TrainingBatch, _ rate: Double) throws(GraphError) -> GraphError {
    let finding = try runner.explain(batch, rate: rate)
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
