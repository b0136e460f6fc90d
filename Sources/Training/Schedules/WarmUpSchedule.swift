/// A straight line from `start` to what another schedule begins with, in `length` steps; then that schedule.
public struct WarmUpSchedule<Rest: Schedule>: Schedule {
  public static var name: String { "warm-up" }
  public var length: Int
  public var start: Double
  public var rest: Rest

  public init(_ length: Int, from start: Double = 0, then rest: Rest) {
    (self.length, self.start, self.rest) = (length, start, rest)
  }
  public func factor(_ step: Int) -> Double {
    guard step < length else { return rest.factor(step - length) }
    return rest.factor(0) * (start + (1 - start) * Double(step + 1) / Double(length + 1))
  }
}
