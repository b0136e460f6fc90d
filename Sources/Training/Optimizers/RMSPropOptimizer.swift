public import HoneOperators

/// RMSProp, plain or centered, with or without momentum.
public struct RMSPropOptimizer: Optimizer {
  public static let name = "rmsprop"
  public var alpha: Float
  public var epsilon: Float
  public var momentum: Float
  public var centered: Bool
  public var weightDecay: Float

  public init(
    alpha: Float = 0.99, epsilon: Float = 1e-8, momentum: Float = 0, centered: Bool = false, weightDecay: Float = 0
  ) {
    (self.alpha, self.epsilon, self.momentum) = (alpha, epsilon, momentum)
    (self.centered, self.weightDecay) = (centered, weightDecay)
  }
  public var momentNames: [String] {
    ["square"] + (centered ? ["mean"] : []) + (momentum == 0 ? [] : ["momentum"])
  }
  public var update: any WeightUpdate {
    var op = RMSPropUpdate()
    (op.alpha, op.epsilon, op.momentum, op.centered) = (alpha, epsilon, momentum, centered)
    return op
  }
}
