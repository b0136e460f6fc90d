internal import Foundation
public import HoneIR

/// Scores that were asked for by name, summed up batch by batch.
///
/// Scores of classes take outputs [samples, classes], or one score of the second of two classes for each sample. They are
/// probabilities if all lie in 0…1 and those of each sample add up to 1; otherwise softmax or the logistic function makes them so.
public struct NamedMetrics: Sendable {
  public let names: [String]
  /// Outputs as they are.
  private var given: [any ClassMetric] = []
  /// Outputs made probabilities.
  private var normalized: [any ClassMetric] = []
  private var areProbabilities = true
  private var values: [any ValueMetric] = []

  /// Fails for unknown names, and those that do not suit the dataset's task.
  public init(_ names: [String], for dataset: Dataset) throws(GraphError) {
    self.names = names
    for name in names {
      let metric = try MetricName(name)
      if let score = metric.ofClasses, dataset.task == .classification {
        given.append(score)
        normalized.append(score)
      } else if dataset.task == .regression, let score = try metric.ofValues(dataset) {
        values.append(score)
      } else {
        throw GraphError(.attribute, "the metric ‘\(name)’ is not for \(dataset.task.rawValue)")
      }
    }
  }

  /// Adds a batch: the model's output and what was wanted.
  public mutating func add(_ output: RuntimeValue, labels: [Label?]) throws(GraphError) {
    guard !names.isEmpty, !labels.isEmpty else { return }
    guard let tensor = output.tensor, tensor.element != .string, !tensor.element.isComplex else {
      throw GraphError(.input, "these metrics take a tensor of numbers, the output is \(output.type)")
    }
    let width = tensor.elementCount / labels.count
    guard tensor.elementCount == width * labels.count, width > 0 else {
      throw GraphError(.input, "the output is \(tensor.type), the batch has \(labels.count) samples")
    }
    let all = tensor.doubles
    for (row, label) in labels.enumerated() {
      let own = Array(all[row * width..<(row + 1) * width])
      if values.isEmpty { try add(own, label?.classIndex) } else { try add(own, label?.values, tensor.sizes) }
    }
  }

  private mutating func add(_ scores: [Double], _ label: Int?) throws(GraphError) {
    guard let label, label >= 0, label < max(scores.count, 2) else {
      throw GraphError(.input, "a sample is of class \(label ?? -1), the output scores \(max(scores.count, 2)) classes")
    }
    let isSingle = scores.count == 1
    let sum = scores.reduce(0, +)
    if !scores.allSatisfy({ (0...1).contains($0) }) || !isSingle && abs(sum - 1) > 1e-3 { areProbabilities = false }
    if areProbabilities {
      let rows = isSingle ? [1 - scores[0], scores[0]] : scores
      for i in given.indices { given[i].add(rows, label: label) }
    }
    let rows = Self.softmax(isSingle ? [0, scores[0]] : scores)
    for i in normalized.indices { normalized[i].add(rows, label: label) }
  }

  private static func softmax(_ scores: [Double]) -> [Double] {
    let highest = scores.max() ?? 0
    let powers = scores.map { exp($0 - highest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private mutating func add(_ given: [Double], _ wanted: [Float]?, _ sizes: [Int]) throws(GraphError) {
    guard let wanted, wanted.count == given.count else {
      throw GraphError(.input, "a sample has \(wanted?.count ?? 0) target values, the output \(given.count)")
    }
    let targets = wanted.map(Double.init)
    for i in values.indices { try values[i].add(given, targets: targets, sizes: Array(sizes.dropFirst())) }
  }

  /// The scores by name; without those that are not defined.
  public var scores: [String: Double] {
    let found = values.isEmpty ? (areProbabilities ? given : normalized).map(\.value) : values.map(\.value)
    var scores: [String: Double] = [:]
    for (name, value) in zip(names, found) { scores[name] = value }
    return scores
  }
}
