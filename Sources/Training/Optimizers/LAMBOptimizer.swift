public import HoneOperators

/// LAMB (arXiv 1904.00962), for large batches.
public struct LAMBOptimizer: Optimizer {
  public static let name = "lamb"
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  public var weightDecay: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-6, weightDecay: Float = 0.01) {
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
  }
  public var momentNames: [String] { ["mean", "square"] }
  public var update: any WeightUpdate {
    var op = LAMBUpdate()
    (op.beta1, op.beta2, op.epsilon) = (beta1, beta2, epsilon)
    return op
  }
}
