import HoneIR
import HoneModels
import HoneONNX
import HoneRuntime
import HoneTraining
import HoneTransforms

/// Measures steps of training on random data.
struct TrainingBenchmark {
  let model: String
  let batch: Int
  let optimizer: String
  let threads: Int
  let seed: UInt64
  let binding: [String: Int]
  let profiles: Bool
  let recomputes: Bool
  let precision: Precision
  /// Told what the precision came to.
  let note: (String) -> Void

  struct Result: Encodable {
    var model: String
    var batch: Int
    var optimizer: String
    var threads: Int
    var precision: String
    /// Median time of a step.
    var step_ms: Double
    var samples_per_second: Double
    /// The most that was resident at once, in 10⁶ bytes like all that follow.
    var peak_memory_mb: Double
    /// Values of a step at their peak: activations and gradients.
    var activation_memory_mb: Double
    /// What the largest kernel takes beside its operands and results, on all threads.
    var workspace_memory_mb: Double
    /// Values and workspaces together, as they share memory.
    var arena_memory_mb: Double
    /// Weights, moments, statistics.
    var state_memory_mb: Double
    var load_ms: Double
    var steps: Int
    var profile: [Entry]?
  }

  /// Nodes of one operator with results of one type.
  struct Entry: Encodable {
    var `operator`: String
    var result: String
    var count: Int
    var ms: Double
    /// What the threads together waited for the one that took longest.
    var waiting_ms: Double
    var share: Double
  }

  /// Runs steps for `duration` seconds, at least three, after `warmup` others.
  func run(duration: Double, warmup: Int) throws -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let source = try ModelSource(model, seed: seed)
    let runner = try self.runner(source)
    let load = clock.now - start
    for _ in 0..<max(warmup, 1) { _ = try runner.run(rate: 1e-5) }
    var times: [Double] = []
    let end = clock.now + .seconds(duration)
    while clock.now < end || times.count < 3 {
      times.append(try clock.measure { _ = try runner.run(rate: 1e-5) }.milliseconds)
    }
    let median = times.sorted()[times.count / 2]
    let memory = runner.plan.memory
    let perThread = memory.scratchByteCount + memory.windowByteCount
    var result = Result(
      model: model, batch: batch, optimizer: optimizer, threads: threads, precision: precision.rawValue,
      step_ms: median, samples_per_second: 1000 / median * Double(batch),
      peak_memory_mb: Double(Memory.peakByteCount) / 1e6,
      activation_memory_mb: Double(memory.valueByteCount) / 1e6,
      workspace_memory_mb: Double(memory.workspaceByteCount + threads * perThread) / 1e6,
      arena_memory_mb: Double(memory.arenaByteCount) / 1e6, state_memory_mb: Double(memory.stateByteCount) / 1e6,
      load_ms: load.milliseconds, steps: times.count)
    if profiles { result.profile = try profile(runner) }
    return result
  }

  /// The best of a few runs, operators that take longest first.
  private func profile(_ runner: StepRunner) throws -> [Entry] {
    var best: [Profile.Entry] = []
    for _ in 0..<5 {
      let entries = try runner.profile(rate: 1e-5).entries
      if best.isEmpty { best = entries }
      for i in entries.indices where entries[i].nanoseconds < best[i].nanoseconds { best[i] = entries[i] }
    }
    let total = max(Double(best.reduce(0) { $0 + $1.nanoseconds }), 1)
    let groups = Dictionary(grouping: best) { "\($0.operatorName) \($0.results.first?.description ?? "")" }
    return groups.values.map { group in
      let time = Double(group.reduce(0) { $0 + $1.nanoseconds })
      return Entry(
        operator: group[0].operatorName, result: group[0].results.first?.description ?? "", count: group.count,
        ms: time / 1e6, waiting_ms: Double(group.reduce(0) { $0 + $1.waiting }) / 1e6, share: time / total)
    }.sorted { $0.ms > $1.ms }
  }

  private func runner(_ source: ModelSource) throws -> StepRunner {
    let graph = source.model.graph
    var sizes = binding
    for input in graph.inputs {
      guard let first = graph.tensorType(of: input).shape?.first else { continue }
      if let name = first.symbolName { sizes[name] = batch }
      if let size = first.size, size != batch {
        throw GraphError(
          .attribute, "input ‘\(graph.name(of: input))’ is \(graph.type(of: input)): --batch must be \(size)"
        ).at("option")
      }
    }
    let types = try Program(graph).inputTypes(binding: sizes).enumerated().map { i, type throws(GraphError) in
      guard let tensor = type.tensor else {
        throw GraphError(.unsupported, "input ‘\(graph.name(of: graph.inputs[i]))’ is \(type), not a tensor")
      }
      return tensor
    }
    let bound = try graph.rebuilt(
      inputTypes: Dictionary(uniqueKeysWithValues: zip(graph.inputs, types.map(ValueType.tensor))))
    guard let output = bound.outputs.first, let scores = bound.tensorType(of: output).sizes else {
      throw GraphError(.unsupported, "the sizes of the model's output depend on data, so no targets can be made")
    }
    var options = TrainingOptions()
    let hasClasses = scores.count > 1 && scores[1] > 1
    options.loss = TrainingLoss.usual(source.builtIn, hasClasses: hasClasses)
    let choice: OptimizerChoice = try RecipeValue(kind: optimizer, option: "--optimizer").decoded(option: "--optimizer")
    options.optimizer = choice.optimizer
    guard !(choice.optimizer is any FullBatchOptimizer) else {
      throw GraphError(.attribute, "\(optimizer) goes over all data in a step; there is no step of a batch to measure")
        .at("option").at("--optimizer")
    }
    options.recomputesActivations = recomputes
    options.precision = precision
    let targets = self.targets(scores, options.loss)
    let training = try TrainingGraph(graph, inputs: types, targets: [targets.type], options: options)
    for text in training.notes { note(text) }
    let runner = try StepRunner(training, threads: threads)
    var generator = RandomInputs(seed: seed)
    for (i, type) in types.enumerated() { try runner.set(i, to: generator.tensor(type)) }
    try runner.set(types.count, to: targets)
    return runner
  }

  /// Classes in turn, or zeros.
  private func targets(_ scores: [Int], _ loss: any Loss) -> Tensor {
    guard let loss = loss as? CrossEntropy else { return .zeros(TensorType(.float32, scores)) }
    let axis = loss.axis < 0 ? loss.axis + scores.count : loss.axis
    var sizes = scores
    let classes = sizes.remove(at: axis)
    return Tensor((0..<sizes.reduce(1, *)).map { Int64($0 % classes) }, shape: sizes)
  }
}
