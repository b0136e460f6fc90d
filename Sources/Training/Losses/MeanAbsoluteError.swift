public import HoneIR
import HoneOperators

/// The mean of |output − reference| over all elements.
public struct MeanAbsoluteError: Loss {
  public static let name = "mae"
  public var output = 0
  public var reference = LossReference.target(0)
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let difference = try graph.difference(terms.output(output), terms.reference(reference))
    return try graph.mean(of: graph.apply(Abs(), difference), terms.sampleWeights)
  }
}
