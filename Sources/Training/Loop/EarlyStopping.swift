/// Keeps track of the best score, and of how long it has not been beaten.
public struct EarlyStopping: Sendable, Codable, Hashable {
  public struct Best: Sendable, Codable, Hashable {
    public var score: Double
    /// The step after which it was reached.
    public var step: Int
  }
  public let metric: TrainingMetric
  /// Training stops after this many evaluations in a row without a better score; nil: never.
  public let patience: Int?
  /// What a score must be better by to count.
  public let margin: Double
  public private(set) var best: Best?
  /// Evaluations since the best one.
  public private(set) var waited = 0

  public init(metric: TrainingMetric, patience: Int? = nil, margin: Double = 0) {
    (self.metric, self.patience, self.margin) = (metric, patience, margin)
  }

  public var isOver: Bool { patience.map { waited >= $0 } ?? false }

  /// Takes in the score after `step`; whether it is the best so far. A score that is no number never is.
  public mutating func add(_ score: Double, step: Int) -> Bool {
    let isFirst = best == nil && !score.isNaN
    guard isFirst || best.map({ metric.isBetter(score, than: $0.score, by: margin) }) ?? false else {
      waited += 1
      return false
    }
    (best, waited) = (Best(score: score, step: step), 0)
    return true
  }
}
