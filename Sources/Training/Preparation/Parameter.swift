import HoneIR

/// A constant of a model that training changes.
struct Parameter: Sendable {
  enum Role: Sendable {
    /// Trained by gradients.
    case weight
    /// A running mean or variance.
    case statistic
  }
  /// In the model.
  var value: Value
  var name: String
  var tensor: Tensor
  var role: Role
  /// The operators that read it.
  var operations: Set<String>
  /// Learning rate multiplier and weight decay.
  var rate: Float = 1
  var decay: Float = 0
}
