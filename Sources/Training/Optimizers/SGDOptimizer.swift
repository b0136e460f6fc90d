public import HoneOperators

/// Gradient descent, with momentum, dampening and Nesterov's rule as in PyTorch.
public struct SGDOptimizer: Optimizer {
  public static let name = "sgd"
  public var momentum: Float
  public var dampening: Float
  public var nesterov: Bool
  public var weightDecay: Float

  public init(momentum: Float = 0, dampening: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
    (self.momentum, self.dampening, self.nesterov, self.weightDecay) = (momentum, dampening, nesterov, weightDecay)
  }
  public var momentNames: [String] { momentum == 0 ? [] : ["momentum"] }
  public var update: any WeightUpdate {
    var op = SGDUpdate()
    (op.momentum, op.dampening, op.nesterov) = (momentum, dampening, nesterov)
    return op
  }
}
