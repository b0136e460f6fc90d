import Foundation
public import HoneDatasets
public import HoneIR
public import HoneRuntime
import HoneTransforms

/// How well a model does on labelled data.
public struct Evaluation: Sendable {
  public var classification: ClassificationScores?
  public var regression: RegressionScores?

  /// The number that a budget of accuracy is about: accuracy, or minus the relative root mean squared error.
  public var score: Double { classification?.accuracy ?? regression.map { $0.r2 } ?? 0 }
  public var metric: String { classification != nil ? "accuracy" : "r2" }

  /// Runs `graph` on all of `dataset`, whose inputs are bound to the graph's.
  public init(
    _ graph: Graph, on dataset: Dataset, threads: Int = 1, level: Int = 3, progress: (Int) -> Void = { _ in }
  ) throws(GraphError) {
    let program = try Preparation(level: level, threads: threads).program(graph)
    try self.init(graph, on: dataset, program: program, progress: progress)
  }

  /// Runs `program`, which is `graph` made ready, on all of `dataset`. `metrics` are scores beside those that are always given, by
  /// the names of `MetricName`.
  public init(
    _ graph: Graph, on dataset: Dataset, program: Program, metrics: [String] = [], progress: (Int) -> Void = { _ in }
  ) throws(GraphError) {
    guard dataset.task != .unlabelled else {
      throw GraphError(.input, "the data has no labels, so there is nothing to compare outputs with")
    }
    let session = Session(program)
    var classes = ClassificationMetrics(classes: Self.classNames(graph, dataset))
    var targets = RegressionMetrics()
    var named = try NamedMetrics(metrics, for: dataset)
    var output: Int?
    var batches = dataset.batches(of: BatchSize(graph).size)
    var done = 0
    while let batch = try batches.next() {
      guard let outputs = try BatchSize.run(session, batch) else { continue }
      let index = output ?? ClassificationMetrics.preferredOutput(outputs.map(\.type)) ?? 0
      output = index
      if dataset.task == .classification {
        try classes.add(outputs[index], labels: batch.labels.map { $0?.classIndex ?? -1 })
      } else {
        guard let tensor = outputs[index].tensor else {
          throw GraphError(.unsupported, "output \(index) is \(outputs[index].type), not a tensor")
        }
        try targets.add(tensor, targets: batch.labels.map { $0?.values ?? [] })
      }
      try named.add(outputs[index], labels: batch.labels)
      done += batch.count
      progress(done)
    }
    if dataset.task == .classification { classification = classes.scores } else { regression = targets.scores }
    guard !metrics.isEmpty else { return }
    classification?.metrics = named.scores
    regression?.metrics = named.scores
  }

  /// The model's own names of its classes, under `hone.classes` in its metadata; else those of the data.
  private static func classNames(_ graph: Graph, _ dataset: Dataset) -> [String] {
    let named = graph.metadata["hone.classes"].flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
    guard let named, named.count >= dataset.classes.count else { return dataset.classes }
    return dataset.classes.allSatisfy { Int($0) != nil } ? named : dataset.classes
  }
}

/// How many samples a graph takes at once.
struct BatchSize {
  let size: Int
  /// As few as the first input allows, so that little memory is taken.
  let smallest: Int

  /// As many as the first input says, or 32 where it leaves that open.
  init(_ graph: Graph) {
    let first = graph.inputs.first.flatMap { graph.tensorType(of: $0).shape?.first }
    size = first?.size ?? (first == nil ? 1 : 32)
    smallest = first?.size ?? 1
  }

  /// The outputs for `batch`; a last batch too small for a fixed size is filled up by repeating its last sample, and cut again.
  static func run(_ session: Session, _ batch: Batch) throws(GraphError) -> [RuntimeValue]? {
    let graph = session.program.graph
    var inputs: [RuntimeValue?] = []
    for value in graph.inputs {
      guard let tensor = batch[graph.name(of: value)] else {
        throw GraphError(.input, "the data has nothing for input ‘\(graph.name(of: value))’")
      }
      guard let fixed = graph.tensorType(of: value).shape?.first?.size, let count = tensor.sizes.first, count < fixed,
        count > 0
      else {
        inputs.append(.tensor(tensor))
        continue
      }
      inputs.append(.tensor(tensor.repeatingLast(to: fixed)))
    }
    let outputs = try session.run(inputs)
    return outputs.map { value in
      guard let tensor = value.tensor, let count = tensor.sizes.first, count > batch.count, tensor.element != .string
      else { return value }
      return .tensor(tensor.prefix(batch.count))
    }
  }
}

extension Tensor {
  /// The first `count` entries of axis 0.
  func prefix(_ count: Int) -> Tensor {
    var sizes = self.sizes
    let each = byteCount / max(sizes[0], 1)
    sizes[0] = count
    return Tensor(element, sizes, bytes: byteArray(0..<each * count))
  }
  /// Axis 0 made `count` long by repeating its last entry.
  func repeatingLast(to count: Int) -> Tensor {
    var sizes = self.sizes
    let each = byteCount / sizes[0]
    var all = byteArray(0..<byteCount)
    let last = byteArray(byteCount - each..<byteCount)
    for _ in sizes[0]..<count { all += last }
    sizes[0] = count
    return Tensor(element, sizes, bytes: all)
  }
}
