/// The expected calibration error (Guo et al., 2017): samples are sorted into `binCount` equal bins by the highest probability, and
/// Σ n_b / n · |accuracy_b − mean probability_b| is taken over the bins. A probability on the edge of two bins is in the lower one.
public struct CalibrationError: ClassMetric {
  private struct Bin: Sendable {
    var count = 0
    var hits = 0
    var confidence = 0.0
  }
  private var bins: [Bin]
  public init(binCount: Int = 15) { bins = Array(repeating: Bin(), count: max(binCount, 1)) }

  public mutating func add(_ probabilities: [Double], label: Int) {
    var best = 0
    for index in probabilities.indices where probabilities[index] > probabilities[best] { best = index }
    let confidence = probabilities[best]
    guard confidence.isFinite else { return }
    let place = Int((confidence * Double(bins.count)).rounded(.up)) - 1
    let bin = min(max(place, 0), bins.count - 1)
    bins[bin].count += 1
    bins[bin].confidence += confidence
    if best == label { bins[bin].hits += 1 }
  }
  public var value: Double? {
    let total = bins.reduce(0) { $0 + $1.count }
    return total == 0 ? nil : bins.reduce(0) { $0 + abs(Double($1.hits) - $1.confidence) } / Double(total)
  }
}
