/// A score of probabilities against classes, sample by sample.
public protocol ClassMetric: Sendable {
  /// Adds a sample: the probability of every class, and the index of its own.
  mutating func add(_ probabilities: [Double], label: Int)
  /// The score of all samples; nil where it is not defined, as without any.
  var value: Double? { get }
}
