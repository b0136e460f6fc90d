/// How the learning rate changes over time.
public protocol Schedule: Codable, Hashable, Sendable {
  /// What files call the schedule.
  static var name: String { get }
  /// What the base learning rate is multiplied by in update `step`, which counts from 0.
  func factor(_ step: Int) -> Double
}

extension Schedule {
  public var name: String { Self.name }
}
