public import HoneIR
import HoneOperators

/// The mean of (output − target)² over all elements.
public struct MeanSquaredError: Loss {
  public static let name = "mse"
  public var output = 0
  public var target = 0
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let difference = try graph.difference(terms.output(output), terms.target(target))
    return try graph.mean(of: graph.apply(Mul(), difference, difference), terms.sampleWeights)
  }
}

extension Graph {
  /// a − b of one shape.
  mutating func difference(_ a: Value, _ b: Value) throws(GraphError) -> Value {
    guard try sizes(of: a) == sizes(of: b) else {
      throw GraphError(.type, "outputs \(type(of: a)) and targets \(type(of: b)) must have one shape")
    }
    return try apply(Add(), a, scaled(b, by: -1))
  }
}
