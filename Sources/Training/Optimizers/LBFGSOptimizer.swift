public import HoneOperators

/// An optimizer that looks at the loss and gradient of all data before it changes anything, at several points if need be.
///
/// A `TrainingGraph` with one updates nothing: its outputs are the loss and the gradient of each weight. `TrainingSetup`
/// makes a `Trainer` whose steps go over all data.
public protocol FullBatchOptimizer: Optimizer {
  /// The search that a step of training is an iteration of.
  var search: LBFGS { get }
}

extension FullBatchOptimizer {
  public var momentNames: [String] { [] }
  /// Steepest descent, which no graph of such an optimizer has.
  public var update: any WeightUpdate { SGDUpdate() }
}

/// L-BFGS with a line search, for small problems: few weights, and data that is gone through several times in a step. It
/// finds the length of its steps itself. The weight decay counts towards the function as decay/2·Σw².
public struct LBFGSOptimizer: FullBatchOptimizer {
  public static let name = "lbfgs"
  /// Steps that the curvature is estimated from.
  public var history: Int
  /// Training is over when no element of the gradient is larger.
  public var gradientTolerance: Double
  /// Training is over when a step changes the loss by less than this share of it.
  public var valueTolerance: Double
  public var weightDecay: Float

  public init(
    history: Int = 10, gradientTolerance: Double = 1e-7, valueTolerance: Double = 1e-9, weightDecay: Float = 0
  ) {
    (self.history, self.weightDecay) = (history, weightDecay)
    (self.gradientTolerance, self.valueTolerance) = (gradientTolerance, valueTolerance)
  }
  public var search: LBFGS {
    var search = LBFGS()
    (search.history, search.gradientTolerance, search.valueTolerance) = (history, gradientTolerance, valueTolerance)
    return search
  }
}
