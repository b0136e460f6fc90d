/// The learning rate of every update.
public struct LearningRate: Sendable, Codable, Hashable {
  /// What the schedule's factors multiply.
  public var base: Double
  public var schedule: ScheduleChoice

  public init(_ base: Double, _ schedule: any Schedule = ConstantSchedule()) {
    (self.base, self.schedule) = (base, schedule as? ScheduleChoice ?? ScheduleChoice(schedule))
  }

  /// The rate of update `step`, which counts from 0.
  public func value(_ step: Int) -> Double { base * schedule.factor(step) }

  /// Tells a schedule that waits for plateaus of a score; others do not care.
  public mutating func observe(_ score: Double, of metric: TrainingMetric) {
    schedule = Self.observing(schedule, score, metric)
  }

  private static func observing(_ choice: ScheduleChoice, _ score: Double, _ metric: TrainingMetric) -> ScheduleChoice {
    if var plateau = choice.schedule as? PlateauSchedule {
      plateau.isRising = metric.isRising
      plateau.observe(score)
      return ScheduleChoice(plateau)
    }
    if var warmUp = choice.schedule as? WarmUpSchedule<ScheduleChoice> {
      warmUp.rest = observing(warmUp.rest, score, metric)
      return ScheduleChoice(warmUp)
    }
    return choice
  }
}
