public import HoneIR
import HoneOperators

/// −log softmax of the right class; classes are on axis 1 of the outputs, or on the last axis of two.
///
/// Targets are class indices (int64) or, of the outputs' shape, probabilities.
public struct CrossEntropy: Loss {
  public static let name = "cross-entropy"
  public var output = 0
  public var target = 0
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let (scores, classes) = (try terms.output(output), try terms.target(target))
    var op = SoftmaxCrossEntropyLoss()
    guard terms.sampleWeights != nil else { return try graph.apply(op, scores, classes) }
    op.reduction = .none
    return try graph.mean(of: graph.apply(op, scores, classes), terms.sampleWeights)
  }
}
