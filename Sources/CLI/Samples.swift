import Foundation
import HoneDatasets
import HoneIR
import HoneONNX
import HoneRuntime

/// A dataset opened for a model: prepared as the model says, and bound to its inputs.
struct Samples {
  let dataset: Dataset
  private let graph: Graph

  init(
    _ path: String, for graph: Graph, _ options: OutputOptions, split: Split? = nil, label: String? = nil,
    forecast: ForecastOptions? = nil
  ) throws {
    var opening = DatasetOptions()
    opening.split = split
    opening.forecast = forecast
    if let json = graph.metadata[Tokenizer.metadataKey] {
      let tokenizer = try Tokenizer(json: json)
      opening.text = TextOptions(length: tokenizer.length, tokenizer: tokenizer)
    }
    if let label { opening.label = Int(label).map { .index($0) } ?? .name(label) }
    let opened = try Dataset.open(path, opening)
    let input = graph.inputs.first.map { graph.tensorType(of: $0) }
    let prepared = try opened.prepared(metadata: graph.metadata, input: input)
    dataset = try prepared.bound(to: graph.inputs.map { graph.name(of: $0) })
    self.graph = graph
    for note in dataset.notes { options.note("note: \(note)") }
  }

  /// The data at `path` as it lies there.
  static func open(_ path: String, split: Split? = nil, label: String? = nil) throws -> Dataset {
    var opening = DatasetOptions()
    opening.split = split
    if let label { opening.label = Int(label).map { .index($0) } ?? .name(label) }
    return try Dataset.open(path, opening)
  }

  /// Training samples where there are any, so that what is evaluated later was not looked at.
  static func forCalibration(_ path: String, _ graph: Graph, _ options: OutputOptions) throws -> Dataset {
    if let training = try? Samples(path, for: graph, .silent, split: .train) { return training.dataset }
    return try Samples(path, for: graph, options).dataset
  }

  /// Values for all inputs, of the first `count` samples, one at a time.
  func values(count: Int) throws -> [[RuntimeValue?]] {
    var batches = dataset.slice(0..<min(count, dataset.count)).batches(of: 1)
    var all: [[RuntimeValue?]] = []
    while let batch = try batches.next() {
      all.append(graph.inputs.map { input in batch[graph.name(of: input)].map { .tensor($0) } })
    }
    return all
  }
}
