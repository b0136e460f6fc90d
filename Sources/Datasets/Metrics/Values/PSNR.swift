internal import Foundation

/// The peak signal-to-noise ratio in decibels, 10·log₁₀(range² / mean squared error) of every sample, and the mean over the samples.
/// The ratio of a sample without an error is infinite, and then so is the mean.
public struct PSNR: ValueMetric {
  /// The largest value less the smallest: 1 or 255.
  public let range: Double
  private var mean = Mean()
  public init(range: Double = 1) { self.range = range }

  public mutating func add(_ values: [Double], targets: [Double], sizes: [Int]) {
    guard !values.isEmpty else { return }
    let squares = zip(values, targets).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    mean.add(10 * log10(range * range * Double(values.count) / squares))
  }
  public var value: Double? { mean.value }
}
