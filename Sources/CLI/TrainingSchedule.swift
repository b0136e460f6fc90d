import HoneIR
import HoneTraining

/// A learning-rate schedule as a recipe says it, completed by how long training is.
struct TrainingSchedule {
  let choice: ScheduleChoice

  /// - Parameters:
  ///   - value: a kind, or an object of a kind and its options; steps of the whole training are filled in where a period is left out.
  ///   - warmUp: steps in which the rate rises from 0 first.
  ///   - total: updates of the whole training.
  init(_ value: RecipeValue?, warmUp: Int?, total: Int) throws(GraphError) {
    let length = max(warmUp ?? 0, 0)
    let rest = try Self.completed(value ?? .text(ConstantSchedule.name), total: max(total - length, 1))
    let schedule: ScheduleChoice = try rest.decoded(option: "--schedule")
    choice = length > 0 ? ScheduleChoice(WarmUpSchedule(length, then: schedule)) : schedule
  }

  private static func completed(_ value: RecipeValue, total: Int) throws(GraphError) -> RecipeValue {
    var fields = value.fields
    guard case .text(let kind)? = fields["kind"] else { return value }
    switch kind {
    case CosineSchedule.name, OneCycleSchedule.name, PolynomialSchedule.name:
      if fields["period"] == nil { fields["period"] = .integer(total) }
    case StepSchedule.name where fields["interval"] == nil:
      throw GraphError(.attribute, "schedule step needs an interval in steps: step:interval=1000").at("option").at(
        "--schedule")
    case "warm-up":
      guard let rest = fields["rest"] else { break }
      var length = 0
      if case .integer(let given)? = fields["length"] { length = given }
      fields["rest"] = try completed(rest, total: max(total - length, 1))
    default: break
    }
    return .object(fields)
  }
}
