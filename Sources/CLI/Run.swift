import ArgumentParser
import Foundation
import Hone
import HoneDatasets
import HoneIR
import HoneONNX
import HoneRuntime

/// A value for an input, as `NAME=FILE.npy`.
struct InputArgument: ExpressibleByArgument {
  let name: String
  let path: String
  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    (name, path) = (String(parts[0]), String(parts[1]))
  }
}

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a model on given or random inputs, or compares it with expected outputs.",
    discussion: """
      --check DIR compares with the test_data_set_* folders in DIR (input_0.pb …, output_0.pb …). An element matches when
      |value − expected| ≤ rtol·|expected| + atol·(largest |expected|), or at most 2⁻²²; quantized integers may be off by one step.
      Exit codes with --check: 0 all match, 4 some differ, 3 refused.
      --carry runs the model step by step: an input given with one axis more than the model's is cut along its first, one slice a
      step; other inputs are the same at every step. Outputs then have the steps as their first axis.
        hone run silero.onnx --carry auto -i input=chunks.npy -i sr=rate.npy -o speech.npz
        hone run gpt2.onnx --carry auto --capacity 128 --random --steps 20
      """)
  @OptionGroup var model: ModelArgument
  @Option(name: .shortAndLong, help: ArgumentHelp("A value for an input; may be repeated.", valueName: "name=file.npy"))
  var input: [InputArgument] = []
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the outputs.", valueName: "out.npz")) var output:
    String?
  @OptionGroup var carrying: CarryOptions
  @Option(help: ArgumentHelp("Runs with --carry, where no input says how many.", valueName: "n")) var steps: Int?
  @Flag(help: "Make up the inputs.") var random = false
  @Option(help: "Seed of random inputs.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Compare with the test data sets in this folder.", valueName: "dir")) var check: String?
  @Option(help: "Tolerance relative to the expected element.") var rtol = 1e-3
  @Option(help: "Tolerance relative to the output's scale.") var atol = 1e-4
  @Option(name: .customShort("O"), help: ArgumentHelp("Optimization before running, 0 to 3.", valueName: "level"))
  var level = 3
  @OptionGroup var binding: BindingOptions
  @OptionGroup var preparation: PreparationOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard (0...3).contains(level) else { throw ValidationError("-O takes 0, 1, 2 or 3") }
    if carrying.isWanted, check != nil { throw ValidationError("--check and --carry exclude each other") }
    if let steps, !carrying.isWanted || steps < 1 {
      throw ValidationError("--steps is a positive number beside --carry")
    }
  }

  func run() throws {
    let loaded = try model.load().graph
    let graph = try carrying.apply(to: loaded, binding: binding.dictionary) { options.note($0) }
    let session = Session(try preparation.program(graph, level: level, threads: threads.count) { options.note($0) })
    if let check { return try compare(graph, session, URL(fileURLWithPath: check)) }
    let inputs = try inputs(for: graph, session.program)
    let outputs = carrying.isWanted ? try Steps(inputs, of: graph, count: steps).run(session) : try session.run(inputs)
    try show(graph, outputs)
    guard let output else { return }
    var arrays: [(name: String, tensor: Tensor)] = []
    for (value, result) in zip(graph.outputs, outputs) {
      guard let tensor = result.tensor else {
        throw GraphError(.unsupported, "output ‘\(graph.name(of: value))’ is \(result.type); .npz holds tensors only")
      }
      arrays.append((graph.name(of: value), tensor))
    }
    try NumPyArchive.write(arrays, to: URL(fileURLWithPath: output))
    options.note("outputs written to \(output)")
  }

  private func inputs(for graph: Graph, _ program: Program) throws -> [RuntimeValue?] {
    let types = try? program.inputTypes(binding: carrying.remaining(binding.dictionary, in: graph))
    var generator = RandomInputs(seed: seed)
    if let unknown = input.first(where: { argument in !graph.inputs.contains { graph.name(of: $0) == argument.name } })
    {
      let names = graph.inputs.map { graph.name(of: $0) }.joined(separator: ", ")
      throw GraphError(.input, "the model has no input ‘\(unknown.name)’; it has \(names)")
    }
    return try graph.inputs.enumerated().map { i, value in
      let name = graph.name(of: value)
      if let given = input.last(where: { $0.name == name }) {
        return .tensor(try NumPyFile.read(URL(fileURLWithPath: given.path)))
      }
      if case .optional(let type) = graph.type(of: value) { return .optional(nil, of: type) }
      guard random else {
        throw GraphError(.input, "input ‘\(name)’ was not given; use -i \(name)=FILE.npy or --random")
      }
      guard let type = types?[i].tensor else {
        throw GraphError(.input, "input ‘\(name)’ is \(graph.type(of: value)); give it with -i")
      }
      return .tensor(try generator.tensor(type, isMask: name == preparation.ragged))
    }
  }

  private func show(_ graph: Graph, _ outputs: [RuntimeValue]) throws {
    struct Output: Encodable {
      var name: String
      var type: String
    }
    let rows = zip(graph.outputs, outputs).map { Output(name: graph.name(of: $0), type: "\($1.type)") }
    if options.format == .json { return try Console.json(["outputs": rows]) }
    for (row, value) in zip(rows, outputs) {
      Console.print("\(row.name): \(value.tensor.map(\.description) ?? row.type)")
    }
  }

  // MARK: Comparing

  struct CheckResult: Encodable {
    struct Output: Encodable {
      var data_set: String
      var output: String
      var matches: Bool
      var max_difference: Double
      var relative_to_scale: Double
      var reason: String?
    }
    var matches: Bool
    var outputs: [Output]
  }

  private func compare(_ graph: Graph, _ session: Session, _ folder: URL) throws {
    let sets = TestDataSet.folders(in: folder)
    guard !sets.isEmpty else { throw GraphError(.file, "\(folder.path) has no test_data_set_* folders") }
    var rows: [CheckResult.Output] = []
    let step = graph.containsQuantization ? 1 : 0
    for url in sets {
      let set = try TestDataSet(folder: url, graph: graph)
      let outputs = try session.run(set.inputs)
      for (i, expected) in set.outputs.enumerated() {
        guard let expected else { continue }
        let comparison = Comparison(outputs[i], expected: expected, .scaled(rtol: rtol, atol: atol), integerStep: step)
        rows.append(
          .init(
            data_set: set.name, output: graph.name(of: graph.outputs[i]), matches: comparison.matches,
            max_difference: comparison.maximumDifference, relative_to_scale: comparison.relativeToScale,
            reason: comparison.mismatch))
      }
    }
    let matches = rows.allSatisfy(\.matches)
    if options.format == .json {
      try Console.json(CheckResult(matches: matches, outputs: rows))
    } else {
      for row in rows {
        let verdict = row.matches ? "matches" : "DIFFERS"
        let difference = String(
          format: "largest difference %.3g, %.3g of the scale", row.max_difference, row.relative_to_scale)
        Console.print("\(verdict)  \(row.data_set)/\(row.output): \(difference)\(row.reason.map { "; \($0)" } ?? "")")
      }
    }
    if !matches { throw ExitCode(.differs) }
  }
}

extension Graph {
  /// Some node rounds to 8-bit integers, so that a rounding difference may move a result by a step.
  var containsQuantization: Bool {
    sorted().contains { $0.op.name.contains("Quantize") || $0.op.name.hasPrefix("QLinear") }
  }
}
