import HoneIR
import HoneOperators
import HoneTransforms

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
  /// The state of a convolution's weights lies as `[kernel…, C/group, M]`.
  var isReordered = false
}

extension Parameter {
  /// `trained`, the state's value, in the order of the model: weights of convolutions are trained as
  /// `[kernel…, C/group, M]`.
  func asInModel(_ trained: Tensor) throws(GraphError) -> Tensor {
    guard isReordered else { return trained }
    return try trained.transposed(WeightOrder.toONNX(rank: tensor.sizes.count))
  }
}
