import ArgumentParser
import Foundation
import HoneIR
import HoneKernels
import HoneONNX
import HoneRuntime
import HoneTransforms
import Logging
import Synchronization

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case human, json }

struct OutputOptions: ParsableArguments {
  @Option(help: "How to print results: human, or json (one object, documented keys).") var format = OutputFormat.human
  @Flag(name: .shortAndLong, help: "Print errors only, no notes and no progress.") var quiet = false
  @Flag(help: "Also print what goes on inside: plans, rewrites, checks.") var verbose = false

  func validate() throws {
    guard !(quiet && verbose) else { throw ValidationError("--quiet and --verbose exclude each other") }
    if quiet || verbose { StandardErrorLog.threshold.withLock { $0 = quiet ? .error : .debug } }
  }

  func note(_ text: String) { if !quiet { Logger(label: "hone").notice("\(text)") } }
}

struct ModelArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The model, an ONNX file.", valueName: "model")) var path: String

  var url: URL { URL(fileURLWithPath: path) }
  func load() throws -> ONNXModel { try ONNXModel(contentsOf: url) }
}

struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads to run on; 0 is all this process may use.", valueName: "n")) var threads = 1

  var count: Int { threads > 0 ? threads : ThreadPool.shared.cpuCount }
  func validate() throws {
    guard threads >= 0 else { throw ValidationError("--threads must not be negative") }
  }
}

/// How a model is made ready to run.
struct PreparationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Arithmetic: fp32; bf16 (bfloat16 data and weights, fp32 sums); int8 (what a quantized model asks for); auto (bfloat16 \
      where it is faster here and a check finds it close enough; says what stays fp32).
      """, valueName: "precision"),
    transform: Self.parse)
  var precision = Precision.fp32
  @Option(
    help: ArgumentHelp(
      """
      The input that is 1 where a position is valid and 0 where it is padding: transformers then leave padding out, and \
      give zeros there.
      """, valueName: "mask-input"))
  var ragged: String?

  @Flag(
    help: ArgumentHelp(
      """
      Try kernels that seem equally fast before the first run, for some tens of milliseconds, and keep the fastest. Another \
      process may then choose another, with results that differ by rounding.
      """))
  var race = false

  private static func parse(_ text: String) throws -> Precision {
    guard let precision = Precision(rawValue: text) else {
      throw ValidationError("--precision takes \(Precision.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return precision
  }

  /// The program that runs `graph`, after notes about what precision and padding came to.
  func program(_ graph: Graph, level: Int, threads: Int, _ note: (String) -> Void) throws(GraphError) -> Program {
    let preparation = Preparation(level: level, threads: threads, precision: precision, ragged: ragged)
    let prepared = try preparation.prepare(graph)
    for text in prepared.notes { note(text) }
    return Program(prepared.graph, threads: threads, races: race)
  }
}

/// Sizes for the model's symbols, as `N=8`.
struct DimensionBinding: ExpressibleByArgument {
  let name: String
  let size: Int
  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let size = Int(parts[1]), size >= 0 else { return nil }
    (name, self.size) = (String(parts[0]), size)
  }
}

struct BindingOptions: ParsableArguments {
  @Option(
    name: .customLong("dim"), help: ArgumentHelp("Binds a symbolic size; may be repeated.", valueName: "name=size"))
  var bindings: [DimensionBinding] = []

  var dictionary: [String: Int] {
    Dictionary(bindings.map { ($0.name, $0.size) }, uniquingKeysWith: { _, last in last })
  }
}
