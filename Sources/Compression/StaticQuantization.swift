public import HoneDatasets
public import HoneIR
import HoneRuntime
import HoneTransforms
import Logging

/// Static quantization from start to end: calibrate, quantize, compare, and leave layers in float where the model collapsed.
public struct StaticQuantization: Sendable {
  public var options = Quantize()
  /// Samples to calibrate with.
  public var sampleCount = 300
  /// Samples to compare with.
  public var checkCount = 10
  public var seed: UInt64 = 0
  public var threads = 1
  private let log = Logger(label: "hone.compression")
  public init() {}

  public struct Result: Sendable {
    public var graph: Graph
    public var check: QuantizationCheck
    public var coverage: QuantizationCoverage
    /// Layers that were left in float because the model collapsed with them.
    public var leftInFloat: [String] = []
    public var calibrationSampleCount = 0
  }

  /// What is going on, for progress.
  public enum Stage: Sendable {
    case calibrating(Int, of: Int)
    case checking
    case searching(layer: Int, of: Int)
  }

  /// Quantizes `graph`, whose batch normalizations should be folded, with samples bound to its inputs.
  public func run(_ graph: Graph, with dataset: Dataset, progress: (Stage) -> Void = { _ in }) throws(GraphError)
    -> Result
  {
    guard dataset.count > 0 else { throw GraphError(.input, "there are no samples to calibrate with") }
    let selection = try QuantizationSelection(graph, options)
    guard !selection.products.isEmpty else {
      let reasons = Set(selection.kept.map(\.reason)).sorted().joined(separator: "; ")
      throw GraphError(
        .unsupported, "nothing to quantize\(reasons.isEmpty ? ": the model has no weighted sums" : ": \(reasons)")")
    }
    let statistics = try calibrate(graph, dataset, progress)
    progress(.checking)
    let batches = try checkBatches(graph, dataset)
    var result = try quantized(graph, statistics, batches, options)
    result.calibrationSampleCount = statistics.sampleCount
    log.debug(
      "compared with the original",
      metadata: ["cosine": "\(result.check.cosine)", "layers": "\(selection.products.count)"])
    guard result.check.hasCollapsed else { return result }
    log.notice("the quantized model does not do what the original does; searching for the layers to leave in float")
    return try recover(graph, statistics, batches, result, progress)
  }

  private func calibrate(_ graph: Graph, _ dataset: Dataset, _ progress: (Stage) -> Void) throws(GraphError)
    -> ObservedStatistics
  {
    let samples = dataset.subset(count: sampleCount, seed: seed)
    var calibration = try Calibration(graph, options.observations(in: graph), threads: threads)
    var batches = samples.batches(of: BatchSize(graph).smallest)
    var done = 0
    while let batch = try batches.next() {
      try calibration.observe(try Self.inputs(graph, batch))
      done += batch.count
      progress(.calibrating(done, of: samples.count))
    }
    var statistics = calibration.statistics
    statistics.sampleCount = done
    return statistics
  }

  private static func inputs(_ graph: Graph, _ batch: Batch) throws(GraphError) -> [Tensor] {
    try graph.inputs.map { value throws(GraphError) in
      guard let tensor = batch[graph.name(of: value)] else {
        throw GraphError(.input, "the data has nothing for input ‘\(graph.name(of: value))’")
      }
      guard let fixed = graph.tensorType(of: value).shape?.first?.size, tensor.sizes.first! < fixed else {
        return tensor
      }
      return tensor.repeatingLast(to: fixed)
    }
  }

  private func checkBatches(_ graph: Graph, _ dataset: Dataset) throws(GraphError) -> [Batch] {
    var batches = dataset.subset(count: checkCount, seed: seed &+ 1).batches(of: BatchSize(graph).smallest)
    var all: [Batch] = []
    while let batch = try batches.next() { all.append(batch) }
    return all
  }

  private func quantized(
    _ graph: Graph, _ statistics: ObservedStatistics, _ batches: [Batch], _ options: Quantize
  ) throws(GraphError) -> Result {
    var copy = graph
    let selection = try QuantizationSelection(graph, options)
    try options.run(on: &copy, given: restricted(statistics, graph, selection))
    let check = try QuantizationCheck(
      original: graph, quantized: copy, layers: selection.products, on: batches, threads: threads)
    return Result(graph: copy, check: check, coverage: QuantizationCoverage(graph, selection))
  }

  /// The statistics of the values that a narrower selection observes.
  private func restricted(
    _ statistics: ObservedStatistics, _ graph: Graph, _ selection: QuantizationSelection
  ) throws(GraphError) -> ObservedStatistics {
    let all = try QuantizationSelection(graph, options)
    let states = Dictionary(zip(all.observed, statistics.states), uniquingKeysWith: { a, _ in a })
    var sources = Dictionary(all.sharing.map { ($0.value, $0.source) }, uniquingKeysWith: { a, _ in a })
    for value in all.observed { sources[value] = nil }
    var narrowed = statistics
    narrowed.states = try selection.observed.map { value throws(GraphError) in
      var source = value
      while states[source] == nil, let next = sources[source] { source = next }
      guard let state = states[source] else {
        throw GraphError(.invariant, "‘\(graph.name(of: value))’ was not observed")
      }
      return state
    }
    return narrowed
  }

  /// Leaves the most sensitive layers in float, twice as many each time, until the model does what it did.
  private func recover(
    _ graph: Graph, _ statistics: ObservedStatistics, _ batches: [Batch], _ collapsed: Result,
    _ progress: (Stage) -> Void
  ) throws(GraphError) -> Result {
    let products = try QuantizationSelection(graph, options).products.filter { !$0.name.isEmpty }
    let few = Array(batches.prefix(2))
    var costs: [(name: String, cosine: Double)] = []
    for (i, node) in products.enumerated() {
      progress(.searching(layer: i + 1, of: products.count))
      var alone = options
      alone.nodes_to_exclude += products.map(\.name).filter { $0 != node.name }
      costs.append((node.name, try quantized(graph, statistics, few, alone).check.cosine))
    }
    let worst = costs.sorted { $0.cosine < $1.cosine }.map(\.name)
    var best = collapsed
    var count = 1
    while count < worst.count {
      var narrower = options
      narrower.nodes_to_exclude += worst.prefix(count)
      var result = try quantized(graph, statistics, batches, narrower)
      result.leftInFloat = Array(worst.prefix(count))
      result.calibrationSampleCount = statistics.sampleCount
      if result.check.cosine > best.check.cosine { best = result }
      if !result.check.hasCollapsed { return result }
      count *= 2
    }
    return best
  }
}
