/// What targets a batch has.
public enum TargetForm: String, Sendable, Codable, CaseIterable {
  /// `classIndices`, or `oneHot` where samples are mixed; `values` for regression; `inputs` where there are no labels.
  case automatic
  /// int64 [batch].
  case classIndices
  /// float32 [batch, classes]: 1 at the class, or the shares of the classes where samples are mixed.
  case oneHot
  /// float32 [batch, …] with the sizes of the regression target.
  case values
  /// The first input, for models that give back what they take.
  case inputs
}
