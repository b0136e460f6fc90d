internal import Foundation

/// −mean ln p of the sample's own class; p is taken to be at least 2⁻⁵².
public struct LogLoss: ClassMetric {
  private var sum = 0.0
  private var count = 0
  public init() {}

  public mutating func add(_ probabilities: [Double], label: Int) {
    sum -= log(min(max(probabilities[label], .ulpOfOne), 1))
    count += 1
  }
  public var value: Double? { count == 0 ? nil : sum / Double(count) }
}
