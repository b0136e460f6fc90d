import Foundation
import HoneTraining
import Testing

struct ScheduleTests {
  private func factors(_ schedule: any Schedule, _ steps: [Int]) -> [Double] { steps.map { schedule.factor($0) } }
  private func expect(_ found: [Double], _ wanted: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-12 }, "\(found)",
      sourceLocation: sourceLocation)
  }

  @Test func steps() {
    expect(factors(StepSchedule(interval: 3, decay: 0.5), [0, 2, 3, 6]), [1, 1, 0.5, 0.25])
    expect(factors(MultiStepSchedule(milestones: [2, 5], decay: 0.1), [1, 2, 4, 5]), [1, 0.1, 0.1, 0.01])
  }

  @Test func cosine() {
    expect(factors(CosineSchedule(period: 4, floor: 0.2), [0, 2, 4, 9]), [1, 0.6, 0.2, 0.2])
    let restarts = CosineSchedule(period: 2, restarts: true, growth: 2)
    expect(factors(restarts, [0, 1, 2, 4, 6, 10]), [1, 0.5, 1, 0.5, 1, 0.5])
  }

  @Test func polynomial() {
    expect(factors(PolynomialSchedule(period: 4), [0, 1, 4, 7]), [1, 0.75, 0, 0])
    expect(factors(PolynomialSchedule(period: 4, power: 2, floor: 0.5), [0, 2, 4]), [1, 0.625, 0.5])
  }

  @Test func oneCycle() {
    let schedule = OneCycleSchedule(period: 10)
    expect(factors(schedule, [0, 2, 9]), [0.04, 1, 1 / 25e4])
    #expect(schedule.factor(1) > 0.04 && schedule.factor(1) < 1 && schedule.factor(5) > schedule.factor(8))
  }

  @Test func warmUp() {
    let schedule = WarmUpSchedule(4, then: StepSchedule(interval: 2, decay: 0.1))
    expect(factors(schedule, [0, 3, 4, 5, 6]), [0.2, 0.8, 1, 1, 0.1])
  }

  @Test func plateau() {
    var schedule = PlateauSchedule(decay: 0.5, patience: 1, floor: 0.2)
    var found: [Double] = []
    for metric in [1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5] {
      schedule.observe(metric)
      found.append(schedule.factor(0))
    }
    expect(found, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2])
  }
}
