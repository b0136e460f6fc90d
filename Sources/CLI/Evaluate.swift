import ArgumentParser
import Foundation
import HoneCompression
import HoneDatasets
import HoneIR
import HoneONNX

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract:
      "Scores a model on labelled data: accuracy, precision, recall, F1 and confusion; or MAE, RMSE, MAPE and correlation."
  )
  @OptionGroup var model: ModelArgument
  @Option(help: "Labelled data: .npz, IDX folder, CSV with a label column, or a folder of images per class.") var data:
    String
  @Option(help: "The split to use, where there are several: train, validation or test.") var split: String?
  @Option(help: "The label column of a table, by name or number.") var label: String?
  @Option(help: ArgumentHelp("Use only this many samples.", valueName: "n")) var limit: Int?
  @Option(
    help: ArgumentHelp(
      "More scores, separated by commas: \(MetricName.known.joined(separator: ", ")).", valueName: "names"))
  var metrics: String?
  @OptionGroup var forecast: ForecastArguments
  @OptionGroup var preparation: PreparationOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let split, Split(rawValue: split) == nil {
      throw ValidationError("--split takes \(Split.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be positive") }
    for name in metricNames { _ = try MetricName(name) }
  }

  func run() throws {
    let loaded = try model.load()
    var dataset = try Samples(
      data, for: loaded.graph, output, split: split.flatMap(Split.init), label: label, forecast: forecast.options
    ).dataset
    if let limit { dataset = dataset.subset(count: limit, seed: 0) }
    var bar = ProgressBar("evaluating", total: output.quiet ? 0 : dataset.count)
    let program = try preparation.program(loaded.graph, level: 3, threads: threads.count) { output.note($0) }
    let evaluation = try Evaluation(loaded.graph, on: dataset, program: program, metrics: metricNames) {
      bar.update($0)
    }
    if let scores = evaluation.classification { return try show(scores) }
    if let scores = evaluation.regression { try show(scores) }
  }

  private var metricNames: [String] {
    (metrics ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private func show(named scores: [String: Double]?) {
    guard let scores else { return }
    let width = metricNames.map(\.count).max() ?? 0
    for name in metricNames {
      let value = scores[name].map { Format.number($0, 6) } ?? "not defined for these data"
      Console.print(name.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + value)
    }
  }

  private func show(_ scores: ClassificationScores) throws {
    if output.format == .json { return try Console.json(scores) }
    Console.print("samples    \(Format.count(scores.count))")
    Console.print("accuracy   \(Format.percent(scores.accuracy, 2))")
    if let top5 = scores.top5Accuracy { Console.print("top 5      \(Format.percent(top5, 2))") }
    Console.print("precision  \(Format.percent(scores.precisionMacro, 2)) (mean of classes)")
    Console.print("recall     \(Format.percent(scores.recallMacro, 2))")
    Console.print("F1         \(Format.percent(scores.f1Macro, 2))\n")
    var table = TextTable(["class", "precision", "recall", "F1", "samples"])
    for row in scores.perClass.prefix(100) {
      table.add(
        row.name, Format.percent(row.precision), Format.percent(row.recall), Format.percent(row.f1),
        Format.count(row.support))
    }
    Console.print(table.text)
    if scores.metrics != nil { Console.print("") }
    show(named: scores.metrics)
    guard let confusion = scores.confusionMatrix, confusion.count <= 20 else { return }
    var matrix = TextTable(["true \\ predicted"] + confusion.indices.map(String.init))
    for (i, row) in confusion.enumerated() {
      matrix.rows.append(["\(i) \(scores.perClass.first { $0.index == i }?.name ?? "")"] + row.map(Format.count))
    }
    Console.print("\n" + matrix.text)
  }

  private func show(_ scores: RegressionScores) throws {
    if output.format == .json { return try Console.json(scores) }
    Console.print("samples  \(Format.count(scores.count))\nMAE      \(scores.mae)\nRMSE     \(scores.rmse)")
    if let mape = scores.mape { Console.print("MAPE     \(Format.percent(mape, 2))") }
    if let pearson = scores.pearson { Console.print("Pearson  \(Format.number(pearson, 4))") }
    Console.print("R²       \(Format.number(scores.r2, 4))")
    show(named: scores.metrics)
  }
}
