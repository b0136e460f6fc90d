public import HoneOperators

/// A rule by which gradients change weights, with the numbers that all weights share.
///
/// The learning rate is no part of it: it is an input of the training graph.
public protocol Optimizer: Codable, Hashable, Sendable {
  /// What files call the rule.
  static var name: String { get }
  /// What is kept for each weight, in the order of the operator's moments.
  var momentNames: [String] { get }
  /// What each moment is at first.
  var initialMoment: Float { get }
  /// The weight decay of weights for which no rule says otherwise.
  var weightDecay: Float { get set }
  /// The operator that updates weights, whose rates and decays are still to be set.
  var update: any WeightUpdate { get }
}

extension Optimizer {
  public var initialMoment: Float { 0 }
  public var name: String { Self.name }
}
