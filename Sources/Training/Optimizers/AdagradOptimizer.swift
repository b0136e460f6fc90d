public import HoneOperators

/// Adagrad (Duchi, Hazan and Singer, 2011).
public struct AdagradOptimizer: Optimizer {
  public static let name = "adagrad"
  /// The learning rate of update t is divided by 1 + (t − 1)·rateDecay.
  public var rateDecay: Float
  public var epsilon: Float
  public var weightDecay: Float
  /// What sums of squares begin with.
  public var initialMoment: Float

  public init(rateDecay: Float = 0, epsilon: Float = 1e-10, weightDecay: Float = 0, initialMoment: Float = 0) {
    (self.rateDecay, self.epsilon) = (rateDecay, epsilon)
    (self.weightDecay, self.initialMoment) = (weightDecay, initialMoment)
  }
  public var momentNames: [String] { ["square"] }
  public var update: any WeightUpdate {
    var op = AdagradUpdate()
    (op.rateDecay, op.epsilon) = (rateDecay, epsilon)
    return op
  }
}
