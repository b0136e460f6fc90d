import Foundation

/// Half a cosine from 1 down to `floor` in `period` steps; with restarts (SGDR; Loshchilov and Hutter, arXiv 1608.03983)
/// again and again, each period `growth` times as long as the one before.
public struct CosineSchedule: Schedule {
  public static let name = "cosine"
  public var period: Int
  public var floor: Double
  public var restarts: Bool
  public var growth: Int

  public init(period: Int, floor: Double = 0, restarts: Bool = false, growth: Int = 1) {
    (self.period, self.floor, self.restarts, self.growth) = (period, floor, restarts, growth)
  }

  public func factor(_ step: Int) -> Double {
    var (start, length) = (0, max(period, 1))
    if !restarts, step >= length { return floor }
    while step - start >= length {
      start += length
      length *= max(growth, 1)
    }
    return floor + (1 - floor) * (1 + cos(.pi * Double(step - start) / Double(length))) / 2
  }
}
