public import HoneIR

/// A score of numbers against their targets, sample by sample.
public protocol ValueMetric: Sendable {
  /// Adds a sample: what was given and what was wanted, as many values of both. `sizes` are those of the output without its batch axis.
  mutating func add(_ values: [Double], targets: [Double], sizes: [Int]) throws(GraphError)
  /// The score of all samples; nil where it is not defined, as without any.
  var value: Double? { get }
}

/// A running mean.
struct Mean: Sendable {
  private(set) var sum = 0.0
  private(set) var count = 0
  mutating func add(_ value: Double) {
    sum += value
    count += 1
  }
  var value: Double? { count == 0 ? nil : sum / Double(count) }
}
