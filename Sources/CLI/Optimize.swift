import ArgumentParser
import Foundation
import Hone
import HoneDatasets
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms

struct OptimizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "optimize",
    abstract: "Rewrites a model into fewer, faster operators, and checks that it still computes the same.",
    discussion: """
      -O0 nothing · -O1 standard operators only · -O2 also operators of ONNX Runtime's own domain · -O3 as -O2.
      Every rewrite is checked by running the model before and after it on random and edge inputs, and on samples if --data is given.
      A rewrite that changes outputs is undone and named; exit code 4 says that this happened (the model is written without it).
      """)
  @OptionGroup var model: ModelArgument
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the model.", valueName: "out.onnx")) var output:
    String
  @Option(name: .customShort("O"), help: ArgumentHelp("How much to rewrite, 0 to 3.", valueName: "level")) var level = 2
  @Option(help: "Samples to check with: .npz, IDX folder, CSV or folder of images.") var data: String?
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var options: OutputOptions

  struct Result: Encodable {
    var output: String
    var nodes_before: Int
    var nodes_after: Int
    var bytes_before: Int
    var bytes_after: Int
    var steps: [RewriteReport.Step]
    var verified_on_inputs: Int
    var skipped_inputs: Int
    var rolled_back: [String]
    var notes: [String]
  }

  func validate() throws {
    guard (0...3).contains(level) else { throw ValidationError("-O takes 0, 1, 2 or 3") }
  }

  func run() throws {
    var loaded = try model.load()
    var samples: [[RuntimeValue?]] = []
    if let data { samples = try Samples(data, for: loaded.graph, options).values(count: 4) }
    var pipeline = VerifiedPipeline(OptimizationLevel(rawValue: level)!)
    pipeline.threads = threads.count
    let report = try pipeline.run(on: &loaded.graph, samples: samples)
    let url = URL(fileURLWithPath: output)
    try loaded.write(to: url)
    let result = Result(
      output: output, nodes_before: report.nodesBefore, nodes_after: report.nodesAfter,
      bytes_before: FileSize.of(model.url),
      bytes_after: FileSize.of(url), steps: report.steps, verified_on_inputs: report.inputCount,
      skipped_inputs: report.skippedInputCount,
      rolled_back: report.rolledBack.map(\.name), notes: report.notes)
    if options.format == .json { try Console.json(result) } else { show(result, report) }
    if !result.rolled_back.isEmpty { throw ExitCode(.differs) }
  }

  private func show(_ result: Result, _ report: RewriteReport) {
    var table = TextTable(["rewrite", "times"])
    for (rule, count) in report.rules.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      table.add(rule, Format.count(count))
    }
    if !table.rows.isEmpty { Console.print(table.text + "\n") }
    Console.print("nodes   \(Format.count(result.nodes_before)) → \(Format.count(result.nodes_after))")
    Console.print(
      "file    \(Format.bytes(result.bytes_before)) → \(Format.bytes(result.bytes_after))  \(result.output)")
    let skipped =
      result.skipped_inputs > 0
      ? "; \(result.skipped_inputs) inputs that the model itself cannot take were left out" : ""
    Console.print("checked on \(result.verified_on_inputs) inputs\(skipped)")
    for note in result.notes { Console.print("note: \(note)") }
    for step in report.rolledBack { Console.print("undone: \(step.name): \(step.rolledBack ?? "")") }
  }
}

enum FileSize {
  static func of(_ url: URL) -> Int {
    func size(_ path: String) -> Int {
      ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
    }
    return size(url.path) + size(url.path + ".data")
  }
}
