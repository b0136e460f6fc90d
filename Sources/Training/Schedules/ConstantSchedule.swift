/// The base rate all the time.
public struct ConstantSchedule: Schedule {
  public static let name = "constant"
  public init() {}
  public func factor(_ step: Int) -> Double { 1 }
}
