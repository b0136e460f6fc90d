import Foundation

/// Multiplied by `decay` every `interval` steps.
public struct StepSchedule: Schedule {
  public static let name = "step"
  public var interval: Int
  public var decay: Double

  public init(interval: Int, decay: Double = 0.1) { (self.interval, self.decay) = (max(interval, 1), decay) }
  public func factor(_ step: Int) -> Double { pow(decay, Double(step / max(interval, 1))) }
}
