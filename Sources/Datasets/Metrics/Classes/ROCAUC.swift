/// The area under the receiver operating characteristic: how likely a sample of the class has a higher probability than another one,
/// where equals count one half. Of two classes that of the second; of more the mean over the classes against the rest, without
/// classes that have no samples or all of them.
public struct ROCAUC: ClassMetric {
  private var classes: [RankedScores] = []
  public init() {}

  public mutating func add(_ probabilities: [Double], label: Int) {
    RankedScores.add(probabilities, label: label, to: &classes)
  }

  public var value: Double? {
    RankedScores.mean(classes) { scores in
      var (own, others, area) = (0.0, 0.0, 0.0)
      for step in scores.steps() {
        area += Double(step.others) * (own + Double(step.own) / 2)
        own += Double(step.own)
        others += Double(step.others)
      }
      return own > 0 && others > 0 ? area / (own * others) : nil
    }
  }
}
