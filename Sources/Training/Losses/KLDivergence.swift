public import HoneIR
import HoneOperators

/// T²·Σ p·(log p − log q) over classes, the mean over positions, where q is the softmax of the scores divided by the
/// temperature T and p that of the reference's (Hinton, Vinyals and Dean, arXiv 1503.02531).
public struct KLDivergence: Loss {
  public static let name = "kl"
  public var output = 0
  public var reference = LossReference.teacher(0)
  public var axis = 1
  public var temperature: Float = 1
  /// The reference holds probabilities, to which the temperature does not apply, and not scores.
  public var hasProbabilities = false
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    guard temperature > 0 else { throw GraphError(.attribute, "temperature \(temperature) is not positive") }
    let scores = try graph.classesSecond(terms.output(output), axis: axis)
    let reference = try graph.classesSecond(terms.reference(reference), axis: axis)
    guard try graph.sizes(of: scores) == graph.sizes(of: reference) else {
      throw GraphError(
        .type, "scores \(graph.type(of: scores)) and reference \(graph.type(of: reference)) must have one shape")
    }
    let cooling = 1 / Double(temperature)
    let q = try graph.logSoftmax(graph.scaled(scores, by: cooling))
    let (p, logarithm): (Value, Value)
    if hasProbabilities {
      p = reference
      // A probability of 0 counts 0.
      logarithm = try graph.apply(Log(), graph.apply(Max(), p, graph.number(1e-30, like: p)))
    } else {
      logarithm = try graph.logSoftmax(graph.scaled(reference, by: cooling))
      p = try graph.apply(Exp(), logarithm)
    }
    let losses = try graph.overClasses(graph.apply(Mul(), p, graph.apply(Sub(), logarithm, q)))
    let mean = try graph.mean(of: losses, terms.sampleWeights)
    return try graph.scaled(mean, by: Double(temperature) * Double(temperature))
  }
}
