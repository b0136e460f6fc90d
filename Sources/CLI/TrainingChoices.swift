import HoneIR
import HoneTraining

/// Losses, optimizers and schedules by the names that options and recipes call them.
enum TrainingChoices {
  static let losses: [any Loss] = [CrossEntropy(), MeanSquaredError()]
  static let optimizers: [any Optimizer] = [SGDOptimizer(), AdamOptimizer(), AdamWOptimizer()]

  static var lossNames: String { losses.map { type(of: $0).name }.joined(separator: ", ") }
  static var optimizerNames: String { optimizers.map { type(of: $0).name }.joined(separator: ", ") }

  static func loss(_ choice: NamedChoice) throws(GraphError) -> any Loss {
    guard let found = losses.first(where: { type(of: $0).name == choice.name }) else {
      throw GraphError(.attribute, "there is no loss ‘\(choice.name)’; there are \(lossNames)").at("option")
    }
    return try choice.apply(to: found, option: "--loss")
  }

  static func optimizer(_ choice: NamedChoice) throws(GraphError) -> any Optimizer {
    guard let found = optimizers.first(where: { type(of: $0).name == choice.name }) else {
      throw GraphError(.attribute, "there is no optimizer ‘\(choice.name)’; there are \(optimizerNames)").at("option")
    }
    return try choice.apply(to: found, option: "--optimizer")
  }
}
