import ArgumentParser
import HoneIR

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a model on labelled data, and writes the best weights found as an ONNX model.",
    discussion: """
      hone train lenet-300-100 --data mnist/ --epochs 5 -o model.onnx

      The same seed gives the same bits, for any number of threads. With --checkpoints, training that was interrupted, by whatever, \
      goes on with --resume as if it had not been. Ctrl-C saves a checkpoint and ends with exit code 130; a second one ends at once.
      """)
  @Argument(help: ArgumentHelp("A built-in model (hone models lists them) or an ONNX file.", valueName: "model"))
  var model: String?
  @Option(help: "Classes of a built-in model. (default: those of the data)") var classes: Int?
  @Option(help: ArgumentHelp("Sizes of one sample for a built-in model, as 3,96,96.", valueName: "sizes")) var input:
    String?
  @OptionGroup var flags: TrainingFlags

  func run() throws {
    var recipe = try flags.merged(model: model)
    recipe.classes = classes ?? recipe.classes
    if let input {
      let sizes = input.split(separator: ",").map { Int($0) }
      guard !sizes.isEmpty, !sizes.contains(nil) else { throw ValidationError("--input takes sizes such as 3,96,96") }
      recipe.input = sizes.compactMap(\.self)
    }
    try TrainingJob(recipe, flags, defaults: .training).run()
  }
}
