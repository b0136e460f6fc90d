import ArgumentParser
import Foundation
import HoneDatasets
import HoneIR
import HoneModels
import HoneONNX
import HoneTraining
import HoneTransforms

/// What `train` and `finetune` do: opens model and data, trains, and writes the model.
struct TrainingJob {
  /// What holds where neither options nor recipe say otherwise.
  struct Defaults {
    var epochs: Int
    var rate: Double
    var gradientNorm: Float?

    static let training = Defaults(epochs: 10, rate: 1e-3)
    static let finetuning = Defaults(epochs: 3, rate: 5e-5, gradientNorm: 1)
  }
  private var recipe: TrainingRecipe
  private let flags: TrainingFlags
  private let defaults: Defaults

  init(_ recipe: TrainingRecipe, _ flags: TrainingFlags, defaults: Defaults) {
    (self.recipe, self.flags, self.defaults) = (recipe, flags, defaults)
  }

  struct Result: Encodable {
    var output: String
    var ending: String
    var steps: Int
    var epochs: Double
    /// The step whose weights were written.
    var chosen_step: Int
    var metric: String
    var best: Double?
    var scores: [String: Double]
    var seconds: Double
  }

  func run() throws {
    let start = ContinuousClock.now
    var (source, data) = try open()
    if let weights = recipe.weights {
      let taken = try source.model.graph.load(Safetensors(contentsOf: URL(fileURLWithPath: weights)))
      flags.options.note("\(taken.count) weights are taken from \(weights)")
    }
    let held = try validation(&data, source.model.graph)
    let setup = try setup(source, data)
    let trainer = try setup.trainer(source.model.graph, on: data, validation: held)
    trainer.recipe = try recipe.json()
    let display = TrainingDisplay(quiet: flags.options.quiet)
    trainer.observers = [display]
    if let log = flags.log { trainer.observers.append(TrainingLog(folder: URL(fileURLWithPath: log))) }
    if let folder = flags.checkpoints {
      let checkpoints = try CheckpointFolder(URL(fileURLWithPath: folder))
      trainer.checkpoints = checkpoints
      if flags.resume, checkpoints.hasLast { try trainer.resume(from: Checkpoint(contentsOf: checkpoints.last)) }
    }
    Interruption.watch()
    trainer.isInterrupted = { Interruption.isRequested }
    defer { display.close() }
    let result = try trainer.run()
    display.close()
    guard result.ending != .interrupted else {
      let hint = trainer.checkpoints.map { "\($0.last.path) holds where it was; --resume goes on" }
      Console.error(
        "interrupted after step \(result.progress.step): \(hint ?? "no checkpoints were asked for, so all is lost")")
      throw ExitCode(.interrupted)
    }
    source.model.graph = result.model
    try describe(data, &source.model.graph)
    try write(source.model)
    try show(result, seconds: (ContinuousClock.now - start).seconds)
  }

  private func open() throws -> (ModelSource, Dataset) {
    guard let name = recipe.model else {
      throw ValidationError("the model is missing: a built-in one (hone models lists them) or an ONNX file")
    }
    guard let path = recipe.data else { throw ValidationError("--data is missing: the samples to train on") }
    var classes = recipe.classes
    if classes == nil, ModelSource.takesClasses(name) {
      let opened = try Samples.open(path, split: .train, label: recipe.label)
      if opened.task == .classification, !opened.classes.isEmpty { classes = opened.classes.count }
    }
    let source = try ModelSource(name, classes: classes, input: recipe.input, seed: recipe.seed ?? 0)
    let data = try Samples(path, for: source.model.graph, flags.options, split: .train, label: recipe.label).dataset
    return (source, data)
  }

  /// The data to judge on; what is held back is taken from `data`.
  private func validation(_ data: inout Dataset, _ graph: Graph) throws -> Dataset? {
    var share = 0.1
    switch recipe.validation {
    case .number(let given)?: share = given
    case .integer(let given)?: share = Double(given)
    case .text(let path)?:
      return try Samples(path, for: graph, flags.options, label: recipe.label).dataset
    case nil:
      if let own = try? Samples(recipe.data!, for: graph, .silent, split: .validation, label: recipe.label).dataset,
        own.split == .validation
      {
        return own
      }
    default: throw ValidationError("validation is a path or a share")
    }
    guard share > 0 else { return nil }
    let parts = try data.split(share, seed: recipe.seed ?? 0, stratified: data.task == .classification)
    data = parts.training
    flags.options.note("note: \(Format.count(parts.held.count)) of the samples are held back to judge on")
    return parts.held
  }

  private func setup(_ source: ModelSource, _ data: Dataset) throws -> TrainingSetup {
    var setup = TrainingSetup()
    setup.options.loss = try loss(source, data)
    let optimizer: OptimizerChoice? = try recipe.optimizer?.decoded(option: "--optimizer")
    setup.options.optimizer = optimizer?.optimizer ?? AdamWOptimizer()
    let goesOverAll = setup.options.optimizer is any FullBatchOptimizer
    if goesOverAll, recipe.rate != nil || recipe.schedule != nil || recipe.warmUp != nil {
      throw ValidationError(
        "\(setup.options.optimizer.name) finds the length of its steps itself: leave out rate, schedule and warm-up")
    }
    setup.options.teacher = try teacher()
    setup.options.gradientNormLimit = recipe.gradientNorm ?? (goesOverAll ? nil : defaults.gradientNorm)
    setup.options.averaging = recipe.averaging
    setup.options.precision = recipe.precision ?? .fp32
    setup.options.recomputesActivations = recipe.recompute ?? false
    setup.options.sparseEmbeddings = recipe.sparseEmbeddings ?? false
    setup.options.accumulation = recipe.accumulation ?? 1
    setup.options.rules = (recipe.freeze ?? []).map { ParameterRule(.init(name: $0), isFrozen: true) }
    setup.batch = recipe.batch ?? (goesOverAll ? 256 : 32)
    setup.augmentations = recipe.augmentation ?? []
    if data.task == .classification, Self.takesNumbers(setup.options.loss) { setup.targets = .oneHot }
    (setup.run.epochs, setup.run.steps) = (recipe.epochs ?? (goesOverAll ? 100 : defaults.epochs), recipe.steps)
    let total = (setup.run.steps ?? setup.run.epochs * (data.count / setup.batch)) / setup.options.accumulation
    let schedule = try TrainingSchedule(recipe.schedule, warmUp: recipe.warmUp, total: total)
    setup.learningRate = LearningRate(recipe.rate ?? defaults.rate, schedule.choice)
    (setup.run.evaluationInterval, setup.run.checkpointInterval) = (
      recipe.evaluationInterval, recipe.checkpointInterval
    )
    (setup.run.metric, setup.run.patience) = (recipe.metric, recipe.patience)
    (setup.run.seed, setup.run.threads) = (recipe.seed ?? 0, flags.threads.count)
    return setup
  }

  /// The loss that was asked for, or the usual one of model and data; beside a teacher, a sum with what it says.
  private func loss(_ source: ModelSource, _ data: Dataset) throws -> any Loss {
    let given: LossChoice? = try recipe.loss?.decoded(option: "--loss")
    let usual = TrainingLoss.usual(source.builtIn, hasClasses: data.task == .classification)
    let loss = given?.loss ?? usual
    guard recipe.teacher != nil, !(loss is WeightedSum) else { return loss }
    var imitation = KLDivergence()
    imitation.temperature = recipe.temperature ?? 2
    let share = data.task == .unlabelled ? 1 : recipe.teacherWeight ?? 0.5
    guard share < 1 else { return imitation }
    return WeightedSum([.init(1 - share, loss), .init(share, imitation)])
  }

  /// Classes become numbers for losses that compare numbers.
  private static func takesNumbers(_ loss: any Loss) -> Bool {
    loss is MeanSquaredError || loss is MeanAbsoluteError || loss is HuberLoss || loss is BinaryCrossEntropy
      || loss is CosineLoss
  }

  private func teacher() throws -> Graph? {
    guard let path = recipe.teacher else { return nil }
    return try ONNXModel(contentsOf: URL(fileURLWithPath: path)).graph
  }

  /// The model tells how samples are prepared and what the classes are called.
  private func describe(_ data: Dataset, _ graph: inout Graph) throws {
    if let preprocessing = data.preprocessing { graph.metadata[Preprocessing.metadataKey] = preprocessing.json }
    guard data.task == .classification, !data.classes.isEmpty else { return }
    graph.metadata["hone.classes"] = String(decoding: try JSONEncoder().encode(data.classes), as: UTF8.self)
  }

  /// An ONNX model, or weights alone.
  private func write(_ model: ONNXModel) throws {
    let url = URL(fileURLWithPath: flags.output)
    guard url.pathExtension == "safetensors" else { return try model.write(to: url) }
    try model.graph.weights.write(to: url)
  }

  private func show(_ result: TrainingResult, seconds: Double) throws {
    let progress = result.progress
    let scores = progress.history.last { $0.step == result.step }?.validation ?? [:]
    let metric = progress.stopping.metric.rawValue
    if flags.options.format == .json {
      return try Console.json(
        Result(
          output: flags.output, ending: result.ending.rawValue, steps: progress.step, epochs: progress.epoch,
          chosen_step: result.step, metric: metric, best: progress.stopping.best?.score, scores: scores,
          seconds: seconds))
    }
    Console.print("\(result.ending.rawValue) after \(Format.count(progress.step)) steps, \(Format.seconds(seconds))")
    for (name, value) in scores.sorted(by: { $0.key < $1.key }) {
      Console.print("\(name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(Format.number(value, 4))")
    }
    Console.print("written    \(flags.output), the weights of step \(Format.count(result.step))")
  }
}
