import ArgumentParser
import HoneIR

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Trains a trained model further, gently: a low rate, few epochs, limited gradients.",
    discussion: """
      hone finetune model.onnx --data photos/ --freeze 'features.*' -o better.onnx

      Options, checkpoints and exit codes are those of hone train.
      """)
  @Argument(help: ArgumentHelp("The model, an ONNX file.", valueName: "model")) var model: String?
  @OptionGroup var flags: TrainingFlags

  func run() throws { try TrainingJob(flags.merged(model: model), flags, defaults: .finetuning).run() }
}
