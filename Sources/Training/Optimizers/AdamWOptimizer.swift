public import HoneOperators

/// AdamW (arXiv 1711.05101): Adam whose weight decay, decoupled from the gradients, shrinks the weights by rate · decay.
public struct AdamWOptimizer: Optimizer {
  public static let name = "adamw"
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  public var weightDecay: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
  }
  public var momentNames: [String] { ["mean", "square"] }
  public var update: any WeightUpdate {
    var op = AdamUpdate()
    (op.beta1, op.beta2, op.epsilon, op.decoupled) = (beta1, beta2, epsilon, true)
    return op
  }
}
