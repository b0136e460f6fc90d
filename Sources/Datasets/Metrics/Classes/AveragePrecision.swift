/// The average precision: Σ (Rₙ − Rₙ₋₁) · Pₙ over the different probabilities from the highest down, with recall R and precision P of
/// the samples so far. Of two classes that of the second; of more the mean over the classes that have samples.
public struct AveragePrecision: ClassMetric {
  private var classes: [RankedScores] = []
  public init() {}

  public mutating func add(_ probabilities: [Double], label: Int) {
    RankedScores.add(probabilities, label: label, to: &classes)
  }

  public var value: Double? {
    RankedScores.mean(classes) { scores in
      var (own, all, sum) = (0.0, 0.0, 0.0)
      for step in scores.steps() {
        own += Double(step.own)
        all += Double(step.own + step.others)
        sum += Double(step.own) * own / all
      }
      return own > 0 ? sum / own : nil
    }
  }
}
