import ArgumentParser
import Foundation
import HoneCompression
import HoneDatasets
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Yams

struct CompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract:
      "The main job: optimizes, quantizes, evaluates and measures a model, and keeps the best that stays within the accuracy budget.",
    discussion: """
      Writes DIR/model.onnx, DIR/report.json and DIR/recipe.yaml. Without labels the drop is measured as disagreement with the original.
      If no smaller or faster model stays within --max-drop, the best found (at worst the original, optimized) is written and the exit code is 1.
      """)
  @OptionGroup var model: ModelArgument
  @Option(help: "Data: .npz, IDX folder, CSV with a label column, or a folder of images per class.") var data: String
  @Option(help: "The most accuracy that may be lost, as a share: 0.01 is one point of a hundred.") var maxDrop = 0.01
  @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write to.", valueName: "dir")) var output: String
  @Option(help: ArgumentHelp("Samples to calibrate with.", valueName: "n")) var samples = 300
  @Option(help: ArgumentHelp("Samples to evaluate on at most.", valueName: "n")) var limit: Int?
  @Option(help: "Seed of every choice.") var seed: UInt64 = 0
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard maxDrop >= 0, maxDrop <= 1 else { throw ValidationError("--max-drop lies between 0 and 1") }
    guard samples > 0 else { throw ValidationError("--samples must be positive") }
  }

  func run() throws {
    let loaded = try model.load()
    let folder = URL(fileURLWithPath: output)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let training = try Samples.forCalibration(data, loaded.graph, .silent)
    var dataset = try Samples(data, for: loaded.graph, options).dataset
    if let limit { dataset = dataset.subset(count: limit, seed: seed) }
    var job = CompressionJob(
      original: loaded, calibration: training, evaluation: dataset, folder: folder, threads: threads.count, seed: seed,
      sampleCount: samples,
      note: options.note)
    let report = try job.run(maxDrop: maxDrop)
    try write(report, folder)
    if options.format == .json { try Console.json(report) } else { Console.print(report.text) }
    if !report.goal_met { throw ExitCode(.goalNotMet) }
  }

  private func write(_ report: CompressionReport, _ folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(report).write(to: folder.appendingPathComponent("report.json"))
    let yaml = try YAMLEncoder().encode(report.recipe)
    try Data(yaml.utf8).write(to: folder.appendingPathComponent("recipe.yaml"))
  }
}

extension OutputOptions {
  static var silent: OutputOptions {
    var options = OutputOptions()
    (options.format, options.quiet) = (.human, true)
    return options
  }
}
