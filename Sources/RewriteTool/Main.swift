import ArgumentParser
import Foundation
import HoneIR
import HoneONNX
import HoneTransforms

/// Rewrites models with every step verified, for the referees to look at.
@main
struct Main: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hone-rewrite", abstract: "Rewrites models and reports what was done.")
  @Argument(help: "Model files; the test_data_set_* folders beside them are samples.") var models: [String]
  @Option(name: .shortAndLong, help: "The folder for the rewritten models, each named after its folder.") var output:
    String
  @Option(help: "0 nothing, 1 standard operators, 2 ONNX Runtime's too.") var level = 2
  @Flag(help: "Prints each step.") var verbose = false
  @Flag(help: "Prints the rewritten graph.") var graph = false
  @Option(help: "Seconds for checking.") var seconds = 60.0

  func run() throws {
    for path in models {
      let url = URL(fileURLWithPath: path)
      let folder = url.deletingLastPathComponent()
      let name = folder.lastPathComponent
      do { try rewrite(url, folder, name) } catch { print("\(name): FAILED \(error)") }
    }
  }

  private func rewrite(_ url: URL, _ folder: URL, _ name: String) throws {
    let start = ContinuousClock.now
    var model = try ONNXModel(contentsOf: url)
    var samples: [[RuntimeValue?]] = []
    for set in TestDataSet.folders(in: folder) {
      samples.append(try TestDataSet(folder: set, graph: model.graph).inputs)
    }
    var pipeline = VerifiedPipeline(OptimizationLevel(rawValue: level) ?? .extended)
    pipeline.seconds = seconds
    let report = try pipeline.run(on: &model.graph, samples: samples)
    let target = URL(fileURLWithPath: output).appendingPathComponent("\(name).onnx")
    try model.write(to: target)
    let undone = report.rolledBack.count
    print(
      "\(name): \(report.nodesBefore) → \(report.nodesAfter) nodes, \(report.inputCount) inputs (\(report.skippedInputCount) skipped), "
        + "\(report.steps.count) steps, \(undone) undone, \(start.duration(to: .now))")
    for step in report.rolledBack { print("  undone: \(step.name): \(step.rolledBack!)") }
    for note in report.notes { print("  note: \(note)") }
    if verbose {
      for step in report.steps where step.rolledBack == nil {
        print(
          "  \(step.name): \(step.nodesBefore) → \(step.nodesAfter), deviation \(step.maximumDeviation), \(step.rules)")
      }
    }
    if graph { print(model.graph) }
  }
}
