/// Multiplied by `decay` whenever a metric has not become better for more than `patience` observations.
public struct PlateauSchedule: Schedule {
  public static let name = "plateau"
  public var decay: Double
  public var patience: Int
  /// By how much, of itself, a metric must change to count as better.
  public var threshold: Double
  /// Observations after a change that do not count.
  public var coolDown: Int
  public var floor: Double
  /// Higher metrics are better, as accuracies are and losses are not.
  public var isRising: Bool

  private var current = 1.0
  private var best: Double?
  private var badCount = 0
  private var restCount = 0

  public init(
    decay: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, coolDown: Int = 0, floor: Double = 0,
    isRising: Bool = false
  ) {
    (self.decay, self.patience, self.threshold) = (decay, patience, threshold)
    (self.coolDown, self.floor, self.isRising) = (coolDown, floor, isRising)
  }

  /// What has been observed so far decides.
  public func factor(_ step: Int) -> Double { current }

  /// Takes note of a metric, usually once an epoch.
  public mutating func observe(_ metric: Double) {
    if isBetter(metric) {
      (best, badCount) = (metric, 0)
    } else {
      badCount += 1
    }
    if restCount > 0 {
      restCount -= 1
      badCount = 0
    }
    if badCount > patience {
      current = max(current * decay, floor)
      (restCount, badCount) = (coolDown, 0)
    }
  }

  private func isBetter(_ metric: Double) -> Bool {
    guard !metric.isNaN else { return false }
    guard let best else { return true }
    return isRising ? metric > best * (1 + threshold) : metric < best * (1 - threshold)
  }
}
