public import HoneDatasets

/// What decides which weights are the best.
public enum TrainingMetric: String, Sendable, Codable, CaseIterable {
  /// The loss on the data held back, or of the training steps where none is held back.
  case loss
  /// The share of samples whose class was given.
  case accuracy
  /// The mean of the classes' F1 scores.
  case f1
  /// The share of the targets' variance that is explained.
  case r2
  /// The root of the mean squared error.
  case rmse
  /// The mean absolute error.
  case mae

  /// Larger is better.
  public var isRising: Bool { self == .accuracy || self == .f1 || self == .r2 }

  /// Whether `new` beats `old` by more than `margin`.
  public func isBetter(_ new: Double, than old: Double, by margin: Double = 0) -> Bool {
    isRising ? new > old + margin : new < old - margin
  }
}

/// Scores of the model on data held back.
public struct ValidationScores: Sendable, Codable, Hashable {
  public var loss: Double?
  public var classification: ClassificationScores?
  public var regression: RegressionScores?

  public subscript(metric: TrainingMetric) -> Double? {
    switch metric {
    case .loss: loss
    case .accuracy: classification?.accuracy
    case .f1: classification?.f1Macro
    case .r2: regression?.r2
    case .rmse: regression?.rmse
    case .mae: regression?.mae
    }
  }

  /// All scores that are there, by name.
  public var named: [String: Double] {
    var named: [String: Double] = [:]
    for metric in TrainingMetric.allCases { named[metric.rawValue] = self[metric] }
    return named
  }
}
