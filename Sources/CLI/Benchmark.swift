import ArgumentParser
import Foundation
import Hone
import HoneDatasets
import HoneIR
import HoneKernels
import HoneONNX
import HoneRuntime
import HoneTransforms

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract:
      "Measures load time, latency, throughput, share of this machine's peak, and memory; or steps of training.",
    discussion: """
      hone benchmark model.onnx                                      runs of a model
      hone benchmark gpt2.onnx --carry auto --capacity 256           tokens of a decoder, one a run; full caches begin anew
      hone benchmark --train resnet18-cifar --batch 64 --threads 0   steps of training
      """)
  @OptionGroup var model: ModelArgument
  @Option(
    help: ArgumentHelp(
      "Inputs: a folder with input_*.pb or test_data_set_*, or an .npz; else seeded random ones.",
      valueName: "dir-or-npz"))
  var inputs: String?
  @OptionGroup var binding: BindingOptions
  @OptionGroup var carrying: CarryOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var preparation: PreparationOptions
  @Option(help: "Seconds to measure.") var duration = 2.0
  @Option(help: "Runs before measuring.") var warmup = 3
  @Option(help: "Seed of random inputs.") var seed: UInt64 = 0
  @Option(name: .customShort("O"), help: ArgumentHelp("Optimization before running, 0 to 3.", valueName: "level"))
  var level = 3
  @Flag(
    help: "Measure steps of training, on random data: of a built-in model (hone models lists them) or an ONNX file.")
  var train = false
  @Option(help: ArgumentHelp("Samples in a step of training.", valueName: "n")) var batch = 32
  @Option(help: ArgumentHelp("The rule of updates in training, as in hone train.", valueName: "kind")) var optimizer =
    "adamw"
  @Flag(help: "Show where the time goes, node by node: from first to last, and what threads waited.")
  var profile = false
  @Flag(help: "With --train: compute activations again in the backward pass instead of keeping them.")
  var recompute = false
  @Flag(help: ArgumentHelp("Read lines “run N” and answer each with one JSON line of N times.", visibility: .hidden))
  var serve = false
  @OptionGroup var output: OutputOptions

  struct Result: Encodable {
    struct Node: Encodable {
      var name: String
      var `operator`: String
      var ms: Double
      /// What the threads together waited for the one that took longest.
      var waiting_ms: Double
      var share: Double
    }
    var model: String
    var load_ms: Double
    var first_run_ms: Double
    var p50_ms: Double
    var p90_ms: Double
    var p99_ms: Double
    var throughput: Double
    var gflops: Double?
    var peak_share: Double?
    var peak_memory_mb: Double
    var threads: Int
    var precision: String
    var runs: Int
    var profile: [Node]?
    /// Where a quantized model computes with real numbers.
    var dequantized_edges: [DequantizedEdge]?
  }

  func validate() throws {
    guard (0...3).contains(level) else { throw ValidationError("-O takes 0, 1, 2 or 3") }
    guard batch > 0 else { throw ValidationError("--batch must be positive") }
    if train, serve || inputs != nil || carrying.isWanted {
      throw ValidationError("--train takes no --inputs and no --carry: it runs on random data")
    }
    if train, preparation.precision != .fp32, preparation.precision != .bf16 {
      throw ValidationError("--precision takes fp32 or bf16 in training")
    }
    if train, preparation.ragged != nil { throw ValidationError("--train takes no --ragged") }
    guard duration > 0, warmup >= 0 else { throw ValidationError("--duration must be positive, --warmup not negative") }
  }

  func run() throws {
    if train { return try runTraining() }
    let clock = ContinuousClock()
    let start = clock.now
    let graph = try carrying.apply(to: model.load().graph, binding: binding.dictionary) { output.note($0) }
    let program = try preparation.program(graph, level: level, threads: threads.count) { output.note($0) }
    let values = try readInputs(graph, program)
    let loadTime = clock.now - start
    let first = clock.now
    let run = try BenchmarkRun(program, values, capacity: carrying.capacity)
    try run()
    let firstRun = clock.now - first
    let positions = run.length ?? 0
    func once() throws -> Double {
      run.prepare(positions: positions)
      return try clock.measure { try run() }.milliseconds
    }
    if serve { return try answer(once, loadTime, firstRun) }
    for _ in 0..<warmup { _ = try once() }
    var times: [Double] = []
    let end = clock.now + .seconds(duration)
    while clock.now < end || times.count < 5 { times.append(try once()) }
    try report(graph, program, values, times.sorted(), loadTime, firstRun)
  }

  private func runTraining() throws {
    let result = try TrainingBenchmark(
      model: model.path, batch: batch, optimizer: optimizer, threads: threads.count, seed: seed,
      binding: binding.dictionary, profiles: profile, recomputes: recompute,
      precision: preparation.precision, note: { output.note($0) }
    ).run(duration: duration, warmup: warmup)
    if output.format == .json { return try Console.json(result) }
    Console.print(
      """
      \(result.model), batch \(result.batch), \(result.optimizer), \(result.threads) thread\(result.threads == 1 ? "" : "s"), \
      \(result.precision), \(Format.count(result.steps)) steps
      step_ms               \(Format.number(result.step_ms, 3))
      samples_per_second    \(Format.number(result.samples_per_second, 1))
      peak_memory_mb        \(Format.number(result.peak_memory_mb, 1))
      activation_memory_mb  \(Format.number(result.activation_memory_mb, 1))
      workspace_memory_mb   \(Format.number(result.workspace_memory_mb, 1))
      arena_memory_mb       \(Format.number(result.arena_memory_mb, 1))
      state_memory_mb       \(Format.number(result.state_memory_mb, 1))
      """)
    guard let steps = result.profile else { return }
    var table = TextTable(["operator", "result", "times", "ms", "waiting", "share"], left: [0, 1])
    for step in steps {
      table.add(
        step.operator, step.result, Format.count(step.count), Format.number(step.ms, 4),
        Format.number(step.waiting_ms, 4), Format.percent(step.share))
    }
    Console.print("\n" + table.text)
  }

  private func report(
    _ graph: Graph, _ program: Program, _ values: [RuntimeValue?], _ times: [Double], _ load: Duration,
    _ first: Duration
  ) throws {
    func quantile(_ q: Double) -> Double { times[min(times.count - 1, Int(q * Double(times.count)))] }
    let p50 = quantile(0.5)
    // Without padding, the work depends on the mask.
    let macs = preparation.ragged == nil ? try? graph.multiplyAccumulates(values) : nil
    let gflops = macs.map { Double($0) * 2 / p50 / 1e6 }
    let peak = PeakProbe.measure().float32 / 1e9 * Double(threads.count)
    var result = Result(
      model: model.path, load_ms: load.milliseconds, first_run_ms: first.milliseconds, p50_ms: p50,
      p90_ms: quantile(0.9),
      p99_ms: quantile(0.99), throughput: 1000 / p50 * Double(Self.batch(values)), gflops: gflops,
      peak_share: gflops.map { $0 / peak },
      peak_memory_mb: Double(Memory.peakByteCount) / 1e6, threads: threads.count,
      precision: preparation.precision.rawValue,
      runs: times.count)
    if profile {
      result.profile = try profileNodes(program, values)
      let edges = program.graph.dequantizedEdges
      if !edges.isEmpty { result.dequantized_edges = edges }
    }
    if output.format == .json { try Console.json(result) } else { Console.print(text(result, peak)) }
  }

  private static func batch(_ values: [RuntimeValue?]) -> Int { max(values.first??.tensor?.sizes.first ?? 1, 1) }

  private func profileNodes(_ program: Program, _ values: [RuntimeValue?]) throws -> [Result.Node] {
    let session = Session(program)
    session.isProfiling = true
    var best: [Profile.Entry] = []
    for _ in 0..<10 {
      _ = try session.run(values)
      let entries = session.profile.entries
      if best.count != entries.count { best = entries }
      for i in entries.indices where entries[i].nanoseconds < best[i].nanoseconds { best[i] = entries[i] }
    }
    let total = max(Double(best.reduce(0) { $0 + $1.nanoseconds }), 1)
    return best.map {
      .init(
        name: $0.name, operator: $0.operatorName, ms: Double($0.nanoseconds) / 1e6,
        waiting_ms: Double($0.waiting) / 1e6, share: Double($0.nanoseconds) / total)
    }
  }

  private func text(_ result: Result, _ peak: Double) -> String {
    var lines = [
      "\(result.model), \(result.threads) thread\(result.threads == 1 ? "" : "s"), \(result.precision), \(Format.count(result.runs)) runs",
      "",
      "load         \(Format.milliseconds(result.load_ms))", "first run    \(Format.milliseconds(result.first_run_ms))",
      "p50          \(Format.milliseconds(result.p50_ms))", "p90          \(Format.milliseconds(result.p90_ms))",
      "p99          \(Format.milliseconds(result.p99_ms))",
      "throughput   \(Format.number(result.throughput, 1)) samples/s",
    ]
    if let gflops = result.gflops, let share = result.peak_share, gflops > 0 {
      lines.append(
        "arithmetic   \(Format.number(gflops, 1)) GFLOP/s, \(Format.percent(share)) of the measured peak of \(Format.number(peak, 0))"
      )
    }
    lines.append("peak memory  \(Format.number(result.peak_memory_mb, 1)) MB")
    guard let nodes = result.profile else { return lines.joined(separator: "\n") }
    var table = TextTable(["operator", "node", "ms", "waiting", "share"], left: [0, 1])
    for node in nodes.sorted(by: { $0.ms > $1.ms }) {
      table.add(
        node.operator, String(node.name.suffix(60)), Format.number(node.ms, 4), Format.number(node.waiting_ms, 4),
        Format.percent(node.share))
    }
    lines += ["", table.text]
    if let edges = result.dequantized_edges {
      var table = TextTable(["dequantized value", "read by", "because"], left: [0, 1, 2])
      for edge in edges { table.add(String(edge.value.suffix(60)), edge.reader, edge.reason) }
      lines += ["", table.text]
    }
    return lines.joined(separator: "\n")
  }

  /// Lets a harness take turns between engines.
  private func answer(_ once: () throws -> Double, _ load: Duration, _ first: Duration) throws {
    struct Answer: Encodable {
      var times_ms: [Double]
      var load_ms: Double
      var first_run_ms: Double
    }
    while let line = readLine() {
      let words = line.split(separator: " ")
      guard words.count == 2, words[0] == "run", let count = Int(words[1]), count > 0 else { continue }
      var times: [Double] = []
      for _ in 0..<count { times.append(try once()) }
      let data = try JSONEncoder().encode(
        Answer(times_ms: times, load_ms: load.milliseconds, first_run_ms: first.milliseconds))
      Console.print(String(decoding: data, as: UTF8.self))
    }
  }

  private func readInputs(_ graph: Graph, _ program: Program) throws -> [RuntimeValue?] {
    guard let inputs else {
      var generator = RandomInputs(seed: seed)
      return try zip(graph.inputs, program.inputTypes(binding: carrying.remaining(binding.dictionary, in: graph))).map {
        value, type in
        guard let tensor = type.tensor else {
          throw GraphError(.input, "input ‘\(graph.name(of: value))’ is \(type); give values with --inputs")
        }
        return .tensor(try generator.tensor(tensor, isMask: graph.name(of: value) == preparation.ragged))
      }
    }
    let url = URL(fileURLWithPath: inputs)
    if url.pathExtension == "npz" {
      let arrays = Dictionary(try NumPyArchive.read(url).map { ($0.name, $0.tensor) }, uniquingKeysWith: { a, _ in a })
      return try graph.inputs.map { value in
        guard let tensor = arrays[graph.name(of: value)] else {
          throw GraphError(
            .input,
            "\(url.lastPathComponent) has no array ‘\(graph.name(of: value))’; it has \(arrays.keys.sorted().joined(separator: ", "))"
          )
        }
        return .tensor(tensor)
      }
    }
    let folder = TestDataSet.folders(in: url).first ?? url
    return try TestDataSet(folder: folder, graph: graph).inputs
  }
}

extension Graph {
  /// Multiply–accumulate operations of one run on inputs of these sizes.
  func multiplyAccumulates(_ inputs: [RuntimeValue?]) throws(GraphError) -> Int {
    var binding: [String: Int] = [:]
    for (input, value) in zip(self.inputs, inputs) {
      for (size, actual) in zip(tensorType(of: input).shape ?? [], value?.tensor?.sizes ?? []) {
        if let name = size.symbolName { binding[name] = actual }
      }
    }
    return try multiplyAccumulates(binding: binding)
  }
}
