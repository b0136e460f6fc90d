import Foundation

/// From 1 to `floor` in `period` steps: floor + (1 − floor)·(1 − step/period)^power; a power of 1 is a straight line.
public struct PolynomialSchedule: Schedule {
  public static let name = "polynomial"
  public var period: Int
  public var power: Double
  public var floor: Double

  public init(period: Int, power: Double = 1, floor: Double = 0) {
    (self.period, self.power, self.floor) = (period, power, floor)
  }
  public func factor(_ step: Int) -> Double {
    let left = 1 - Double(min(step, period)) / Double(max(period, 1))
    return floor + (1 - floor) * pow(left, power)
  }
}
