public import HoneOperators

/// Adam (arXiv 1412.6980); weight decay is added to the gradients.
public struct AdamOptimizer: Optimizer {
  public static let name = "adam"
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  public var weightDecay: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0) {
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
  }
  public var momentNames: [String] { ["mean", "square"] }
  public var update: any WeightUpdate {
    var op = AdamUpdate()
    (op.beta1, op.beta2, op.epsilon) = (beta1, beta2, epsilon)
    return op
  }
}
