public import HoneIR

/// What a loss is computed from.
public struct LossTerms: Sendable {
  /// The model's outputs.
  public var outputs: [Value]
  /// The targets, inputs of the training graph.
  public var targets: [Value]
  /// The outputs of the teacher; none without one.
  public var teacher: [Value]
  /// One weight per sample, if there are any.
  public var sampleWeights: Value?

  public init(outputs: [Value], targets: [Value], teacher: [Value] = [], sampleWeights: Value? = nil) {
    (self.outputs, self.targets, self.teacher, self.sampleWeights) = (outputs, targets, teacher, sampleWeights)
  }
}

/// What training makes small: a scalar computed from outputs and targets.
public protocol Loss: Codable, Sendable {
  /// What files call the loss.
  static var name: String { get }
  /// Appends the loss, a float32 scalar: the mean over samples, or Σ wᵢ·lossᵢ/Σ wᵢ with sample weights w.
  func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value
}

extension LossTerms {
  func output(_ i: Int) throws(GraphError) -> Value { try pick(i, outputs, "output") }
  func target(_ i: Int) throws(GraphError) -> Value { try pick(i, targets, "target") }
  func teacher(_ i: Int) throws(GraphError) -> Value { try pick(i, teacher, "output of a teacher") }

  private func pick(_ i: Int, _ values: [Value], _ what: String) throws(GraphError) -> Value {
    guard values.indices.contains(i) else {
      throw GraphError(.attribute, "the loss needs \(what) \(i), and there are \(values.count)")
    }
    return values[i]
  }
}
