import Foundation
import HoneCompression
import HoneDatasets
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms

/// Makes candidates, measures them, and keeps the best on disk after each.
struct CompressionJob {
  let original: ONNXModel
  let calibration: Dataset
  let evaluation: Dataset
  let folder: URL
  let threads: Int
  let seed: UInt64
  let sampleCount: Int
  let note: (String) -> Void

  private var candidates: [CompressionReport.Candidate] = []
  private var steps: [[CompressionReport.Recipe.Step]] = []
  private var best: Int?
  private var notes: [String] = []
  private var metric = "accuracy"
  private var baseline: Double?

  init(
    original: ONNXModel, calibration: Dataset, evaluation: Dataset, folder: URL, threads: Int, seed: UInt64,
    sampleCount: Int,
    note: @escaping (String) -> Void
  ) {
    (self.original, self.calibration, self.evaluation, self.folder) = (original, calibration, evaluation, folder)
    (self.threads, self.seed, self.sampleCount, self.note) = (threads, seed, sampleCount, note)
  }

  private var target: URL { folder.appendingPathComponent("model.onnx") }

  mutating func run(maxDrop: Double) throws -> CompressionReport {
    let clock = ContinuousClock()
    let start = clock.now
    if evaluation.task == .unlabelled {
      notes.append("the data has no labels: the score is agreement with the original")
    }
    try measure("original", original, steps: [], maxDrop: maxDrop)
    var optimized = original
    let rewriting = try VerifiedPipeline(.basic).run(on: &optimized.graph)
    for step in rewriting.rolledBack {
      notes.append("undone because outputs changed: \(step.name): \(step.rolledBack ?? "")")
    }
    let optimize = CompressionReport.Recipe.Step(pass: "Optimize", options: ["level": "1"])
    try measure("optimized", optimized, steps: [optimize], maxDrop: maxDrop)
    for method in [CalibrationMethod.entropy, .minmax] {
      if let chosen = best, candidates[chosen].name.hasPrefix("int8") { break }
      try attempt(method, optimized, after: optimize, maxDrop: maxDrop)
    }
    for i in candidates.indices { candidates[i].chosen = i == best }
    let chosen = best ?? 0
    let files = ["model.onnx", "report.json", "recipe.yaml"].map { folder.appendingPathComponent($0).path }
    return CompressionReport(
      metric: metric, max_drop: maxDrop, goal_met: candidates[chosen].name.hasPrefix("int8"), candidates: candidates,
      model: target.path,
      files: files, seconds: (clock.now - start).seconds,
      recipe: .init(
        model: original.graph.name, data: "\(evaluation.content.rawValue)", seed: seed, passes: steps[chosen]),
      notes: notes)
  }

  private mutating func attempt(
    _ method: CalibrationMethod, _ optimized: ONNXModel, after optimize: CompressionReport.Recipe.Step, maxDrop: Double
  ) throws {
    var quantization = StaticQuantization()
    quantization.options.calibration = method
    (quantization.sampleCount, quantization.seed, quantization.threads) = (sampleCount, seed, threads)
    let name = "int8 \(method.rawValue)"
    do {
      note("quantizing, ranges by \(method.rawValue)")
      let result = try quantization.run(optimized.graph, with: calibration)
      var quantized = optimized
      quantized.graph = result.graph
      var options = ["calibration": method.rawValue, "samples": "\(sampleCount)", "per_channel": "true"]
      if !result.leftInFloat.isEmpty { options["nodes_to_exclude"] = result.leftInFloat.joined(separator: ", ") }
      try measure(name, quantized, steps: [optimize, .init(pass: "Quantize", options: options)], maxDrop: maxDrop)
    } catch let error as GraphError {
      candidates.append(
        .init(
          name: name, score: nil, drop: nil, file_bytes: 0, p50_ms: 0, within_budget: false, chosen: false,
          failure: error.message))
      steps.append([])
    }
  }

  /// Writes the candidate, reads it back, evaluates and times it; the best so far stays in the folder.
  private mutating func measure(
    _ name: String, _ model: ONNXModel, steps recipe: [CompressionReport.Recipe.Step], maxDrop: Double
  ) throws {
    note("measuring the \(name) model")
    let file = folder.appendingPathComponent(".candidate.onnx")
    defer { for path in [file.path, file.path + ".data"] { try? FileManager.default.removeItem(atPath: path) } }
    try model.write(to: file)
    let loaded = try ONNXModel(contentsOf: file)
    let score = try score(loaded.graph)
    if baseline == nil { baseline = score }
    let drop = baseline! - score
    let time = try latency(loaded.graph)
    let isWithin = drop <= maxDrop + 1e-12
    candidates.append(
      .init(
        name: name, score: score, drop: drop, file_bytes: FileSize.of(file), p50_ms: time, within_budget: isWithin,
        chosen: false, failure: nil))
    steps.append(recipe)
    guard isWithin, best == nil || isBetter(candidates[candidates.count - 1], than: candidates[best!]) else { return }
    best = candidates.count - 1
    try model.write(to: target)
  }

  /// Smaller wins unless it is slower by more than a tenth.
  private func isBetter(_ a: CompressionReport.Candidate, than b: CompressionReport.Candidate) -> Bool {
    a.file_bytes <= b.file_bytes
      ? a.p50_ms <= b.p50_ms * 1.1 : a.p50_ms < b.p50_ms * 0.9 && a.file_bytes < b.file_bytes * 11 / 10
  }

  private mutating func score(_ graph: Graph) throws -> Double {
    guard evaluation.task == .unlabelled else {
      let evaluation = try Evaluation(graph, on: evaluation, threads: threads)
      metric = evaluation.metric
      return evaluation.score
    }
    metric = "agreement"
    return try QuantizationCheck(
      original: original.graph, candidate: graph, on: evaluation.subset(count: 512, seed: seed), threads: threads
    ).agreement
  }

  /// Median time of a run on one sample, in milliseconds.
  private func latency(_ graph: Graph) throws -> Double {
    let session = Session(try Preparation(level: 3, threads: threads).program(graph))
    var batches = evaluation.slice(0..<1).batches(of: 1)
    guard let batch = try batches.next() else { return 0 }
    let inputs: [RuntimeValue?] = graph.inputs.map { input in batch[graph.name(of: input)].map { .tensor($0) } }
    let clock = ContinuousClock()
    for _ in 0..<3 { _ = try session.run(inputs) }
    var times: [Double] = []
    let end = clock.now + .milliseconds(700)
    while clock.now < end || times.count < 5 {
      times.append(try clock.measure { _ = try session.run(inputs) }.milliseconds)
    }
    return times.sorted()[times.count / 2]
  }
}
