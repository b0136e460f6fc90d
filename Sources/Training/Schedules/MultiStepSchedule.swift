import Foundation

/// Multiplied by `decay` at each of `milestones`.
public struct MultiStepSchedule: Schedule {
  public static let name = "multi-step"
  public var milestones: [Int]
  public var decay: Double

  public init(milestones: [Int], decay: Double = 0.1) { (self.milestones, self.decay) = (milestones, decay) }
  public func factor(_ step: Int) -> Double { pow(decay, Double(milestones.count { $0 <= step })) }
}
