import ArgumentParser
import HoneIR
import HoneTraining
import HoneTransforms

/// What `train` and `finetune` have in common. An option wins over the recipe.
struct TrainingFlags: ParsableArguments {
  @Option(help: "Samples to train on: .npz, IDX folder, CSV with a label column, or a folder of images per class.")
  var data: String?
  @Option(
    help: ArgumentHelp(
      "Samples to judge the weights on: data of their own, or the share of --data that is held back; 0 holds none back. (default: the data's own validation split, else 0.1)",
      valueName: "path-or-share"))
  var validation: String?
  @Option(help: "The label column of a table, by name or number.") var label: String?
  @Option(help: ArgumentHelp("How to train, in YAML or JSON; options win over it.", valueName: "file")) var recipe:
    String?
  @Option(help: ArgumentHelp("Passes over the data.", valueName: "n")) var epochs: Int?
  @Option(help: ArgumentHelp("Steps in all, instead of --epochs.", valueName: "n")) var steps: Int?
  @Option(help: ArgumentHelp("Samples in a step.", valueName: "n")) var batch: Int?
  @Option(
    help: ArgumentHelp(
      "What is made small: \(LossChoice.standards.map { type(of: $0).name }.joined(separator: ", ")). (default: cross-entropy for classes, mse for numbers)",
      valueName: "kind[:key=value,…]"))
  var loss: String?
  @Option(
    help: ArgumentHelp(
      "The rule of updates: \(OptimizerChoice.standards.map(\.name).joined(separator: ", ")). (default: adamw)",
      valueName: "kind[:key=value,…]"))
  var optimizer: String?
  @Option(help: "The learning rate, the highest of a schedule.") var rate: Double?
  @Option(
    help: ArgumentHelp(
      "How the rate changes: \(ScheduleChoice.standards.map(\.name).filter { $0 != "warm-up" }.joined(separator: ", ")). Times are in steps; a period is all of them unless given. (default: constant)",
      valueName: "kind[:key=value,…]"))
  var schedule: String?
  @Option(help: ArgumentHelp("Steps in which the rate rises from 0 first.", valueName: "n")) var warmUp: Int?
  @Option(help: ArgumentHelp("Brings the norm of all gradients together below this.", valueName: "norm"))
  var gradientNorm: Float?
  @Option(
    help: ArgumentHelp("Uses the weights' running average, of which each update keeps this share.", valueName: "share"))
  var averaging: Float?
  @Option(
    help: ArgumentHelp(
      "What products multiply: fp32, or bf16 (operands rounded to bfloat16; sums, weights and all else fp32). (default: fp32)",
      valueName: "precision"))
  var precision: String?
  @Flag(help: "Compute activations again in the backward pass instead of keeping them: less memory, more time.")
  var recompute = false
  @Flag(help: "Rows of embeddings that a batch does not read stay as they are, with their moments.")
  var sparseEmbeddings = false
  @Option(
    help: ArgumentHelp(
      "Weights that stay as they are, by name; * and ? stand for characters. May be repeated.", valueName: "pattern"))
  var freeze: [String] = []
  @Option(
    help: ArgumentHelp("A model with the same inputs, whose answers are learned beside the labels.", valueName: "onnx"))
  var teacher: String?
  @Option(
    help: ArgumentHelp("How much the teacher counts, and the labels the rest. (default: 0.5)", valueName: "share"))
  var teacherWeight: Float?
  @Option(help: "Softens the teacher's answers. (default: 2)") var temperature: Float?
  @Option(help: "Seed of weights, order and augmentation.") var seed: UInt64?
  @Option(
    help: "What decides which weights are best: \(TrainingMetric.allCases.map(\.rawValue).joined(separator: ", ")).")
  var metric: String?
  @Option(help: ArgumentHelp("Stops after this many evaluations in a row without a better score.", valueName: "n"))
  var patience: Int?
  @Option(help: ArgumentHelp("Steps between evaluations. (default: an epoch)", valueName: "n")) var evaluateEvery: Int?
  @Option(help: ArgumentHelp("Steps between checkpoints. (default: an epoch)", valueName: "n")) var checkpointEvery:
    Int?
  @Option(help: ArgumentHelp("Starts from the weights of a safetensors file, by name.", valueName: "file")) var weights:
    String?
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the trained model.", valueName: "file")) var output:
    String
  @Option(help: ArgumentHelp("Keeps last.safetensors and best.safetensors here.", valueName: "dir")) var checkpoints:
    String?
  @Flag(help: "Goes on from last.safetensors in --checkpoints; starts anew if there is none.") var resume = false
  @Option(help: ArgumentHelp("Writes training.jsonl and an event file for TensorBoard here.", valueName: "dir"))
  var log: String?
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var options: OutputOptions

  func validate() throws {
    for (name, value) in [
      ("epochs", epochs), ("steps", steps), ("batch", batch), ("patience", patience), ("warm-up", warmUp),
      ("evaluate-every", evaluateEvery),
      ("checkpoint-every", checkpointEvery),
    ] {
      if let value, value < 1 { throw ValidationError("--\(name) must be positive") }
    }
    if let rate, !(rate >= 0 && rate.isFinite) { throw ValidationError("--rate must be a number that is not negative") }
    if let precision, !["fp32", "bf16"].contains(precision) {
      throw ValidationError("--precision takes fp32 or bf16 in training")
    }
    if let metric, TrainingMetric(rawValue: metric) == nil {
      throw ValidationError("--metric takes \(TrainingMetric.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if resume, checkpoints == nil { throw ValidationError("--resume needs --checkpoints, the folder to go on from") }
    if let teacherWeight, !(0...1).contains(teacherWeight) {
      throw ValidationError("--teacher-weight lies between 0 and 1")
    }
    if epochs != nil, steps != nil { throw ValidationError("--epochs and --steps exclude each other") }
  }

  /// The recipe file, with what the options say in its place.
  func merged(model: String?) throws -> TrainingRecipe {
    var given = TrainingRecipe()
    (given.model, given.data, given.label) = (model, data, label)
    given.validation = validation.map(RecipeValue.init)
    (given.epochs, given.steps, given.batch, given.rate, given.seed) = (epochs, steps, batch, rate, seed)
    given.loss = try loss.map { try RecipeValue(kind: $0, option: "--loss") }
    given.optimizer = try optimizer.map { try RecipeValue(kind: $0, option: "--optimizer") }
    given.schedule = try schedule.map { try RecipeValue(kind: $0, option: "--schedule") }
    given.warmUp = warmUp
    (given.teacher, given.teacherWeight, given.temperature) = (teacher, teacherWeight, temperature)
    (given.gradientNorm, given.averaging, given.weights) = (gradientNorm, averaging, weights)
    given.precision = precision.flatMap(Precision.init)
    given.recompute = recompute ? true : nil
    given.sparseEmbeddings = sparseEmbeddings ? true : nil
    (given.metric, given.patience) = (metric.flatMap(TrainingMetric.init), patience)
    (given.evaluationInterval, given.checkpointInterval) = (evaluateEvery, checkpointEvery)
    given.freeze = freeze.isEmpty ? nil : freeze
    guard let recipe else { return given }
    return try TrainingRecipe(contentsOf: recipe).overridden(by: given)
  }
}
