import Foundation
import HoneIR
import HoneTraining
import Testing

struct ChoicesTests {
  private func decode<T: Decodable>(_ text: String) throws -> T {
    try JSONDecoder().decode(T.self, from: Data(text.utf8))
  }

  @Test func optionsThatAreLeftOutAreTheUsualOnes() throws {
    let choice: OptimizerChoice = try decode(#"{"kind": "sgd", "momentum": 0.75}"#)
    #expect(choice.optimizer as? SGDOptimizer == SGDOptimizer(momentum: 0.75))
    let plain: OptimizerChoice = try decode(#""adamw""#)
    #expect(plain.optimizer as? AdamWOptimizer == AdamWOptimizer())
    let schedule: ScheduleChoice = try decode(
      #"{"kind": "warm-up", "length": 4, "rest": {"kind": "cosine", "period": 10}}"#)
    #expect(schedule.factor(4) == 1 && schedule.factor(14) == 0)
    let loss: LossChoice = try decode(
      #"{"kind": "sum", "terms": [{"weight": 1, "loss": "mse"}, {"weight": 2, "loss": {"kind": "cross-entropy", "ignoredClass": 3}}]}"#
    )
    let terms = (loss.loss as? WeightedSum)?.terms
    #expect((terms?.last?.loss.loss as? CrossEntropy)?.ignoredClass == 3)
  }

  @Test func choicesComeBack() throws {
    for optimizer in OptimizerChoice.standards {
      let data = try JSONEncoder().encode(OptimizerChoice(optimizer))
      let back = try JSONDecoder().decode(OptimizerChoice.self, from: data)
      #expect(AnyHashable(back.optimizer) == AnyHashable(optimizer))
    }
    for schedule in ScheduleChoice.standards {
      let data = try JSONEncoder().encode(ScheduleChoice(schedule))
      #expect(try JSONDecoder().decode(ScheduleChoice.self, from: data) == ScheduleChoice(schedule))
    }
    for loss in LossChoice.standards {
      let data = try JSONEncoder().encode(LossChoice(loss))
      let back = try JSONDecoder().decode(LossChoice.self, from: data)
      #expect(type(of: back.loss) == type(of: loss))
    }
  }

  @Test func mistakesAreNamed() {
    for text in [#"{"kind": "sdg"}"#, #"{"kind": "sgd", "momentun": 0.9}"#, #"{"momentum": 0.9}"#] {
      #expect(throws: GraphError.self) { () throws in let _: OptimizerChoice = try decode(text) }
    }
  }
}
