/// Any schedule, as files of options name it.
public struct ScheduleChoice: Codable, Sendable, Schedule {
  public static let name = "choice"
  public var schedule: any Schedule
  public init(_ schedule: any Schedule) { self.schedule = schedule }

  /// Every schedule with its usual options; a period of 1 is there to be replaced.
  public static var standards: [any Schedule] {
    [
      ConstantSchedule(), CosineSchedule(period: 1), MultiStepSchedule(milestones: []), OneCycleSchedule(period: 1),
      PlateauSchedule(), PolynomialSchedule(period: 1), StepSchedule(interval: 1),
      WarmUpSchedule(0, then: ScheduleChoice(ConstantSchedule())),
    ]
  }

  public func factor(_ step: Int) -> Double { schedule.factor(step) }

  public init(from decoder: any Decoder) throws {
    schedule = try NamedOptions.decode(Self.standards.map { ($0.name, $0) }, "schedule", from: decoder)
  }
  public func encode(to encoder: any Encoder) throws {
    try NamedOptions.encode(schedule, name: schedule.name, to: encoder)
  }

  public static func == (a: Self, b: Self) -> Bool { AnyHashable(a.schedule) == AnyHashable(b.schedule) }
  public func hash(into hasher: inout Hasher) { schedule.hash(into: &hasher) }
}
