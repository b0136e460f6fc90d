public import HoneOperators

/// LARS (arXiv 1708.03888), for large batches; weights without decay take plain steps of momentum.
public struct LARSOptimizer: Optimizer {
  public static let name = "lars"
  public var momentum: Float
  /// The paper's trust coefficient η.
  public var coefficient: Float
  public var epsilon: Float
  public var nesterov: Bool
  public var weightDecay: Float

  public init(
    momentum: Float = 0.9, coefficient: Float = 0.001, epsilon: Float = 1e-8, nesterov: Bool = false,
    weightDecay: Float = 1e-4
  ) {
    (self.momentum, self.coefficient, self.epsilon) = (momentum, coefficient, epsilon)
    (self.nesterov, self.weightDecay) = (nesterov, weightDecay)
  }
  public var momentNames: [String] { ["momentum"] }
  public var update: any WeightUpdate {
    var op = LARSUpdate()
    (op.momentum, op.coefficient, op.epsilon, op.nesterov) = (momentum, coefficient, epsilon, nesterov)
    return op
  }
}
