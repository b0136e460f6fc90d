public import HoneIR
import HoneOperators

/// 1 − cos of the angle between output and reference along the last axis, the mean over rows.
public struct CosineLoss: Loss {
  public static let name = "cosine"
  public var output = 0
  public var reference = LossReference.target(0)
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let (a, b) = (try terms.output(output), try terms.reference(reference))
    guard try graph.sizes(of: a) == graph.sizes(of: b), try !graph.sizes(of: a).isEmpty else {
      throw GraphError(.type, "outputs \(graph.type(of: a)) and references \(graph.type(of: b)) must have one shape")
    }
    let squares = try graph.apply(
      Mul(), positive(graph.alongRows(a, a), &graph), positive(graph.alongRows(b, b), &graph))
    let cosine = try graph.apply(Div(), graph.alongRows(a, b), graph.apply(Sqrt(), squares))
    let losses = try graph.apply(Sub(), graph.number(1, like: cosine), cosine)
    return try graph.mean(of: losses, terms.sampleWeights)
  }

  /// Rows of zeros have a direction too.
  private func positive(_ square: Value, _ graph: inout Graph) throws(GraphError) -> Value {
    try graph.apply(Add(), square, graph.number(1e-12, like: square))
  }
}

extension Graph {
  /// Σ a·b along the last axis, which goes.
  fileprivate mutating func alongRows(_ a: Value, _ b: Value) throws(GraphError) -> Value {
    var sum = ReduceSum()
    sum.keepdims = false
    return try apply(sum, apply(Mul(), a, b), constant(.integers([-1])))
  }
}
