public import HoneIR
import HoneOperators

/// d²/2 of differences d up to `delta`, delta·(|d| − delta/2) of larger ones; the mean over all elements.
///
/// Divided by `delta` (`isSmoothL1`) it is the smooth L1 loss, whose slope is 1 for large differences.
public struct HuberLoss: Loss {
  public static let name = "huber"
  public var output = 0
  public var reference = LossReference.target(0)
  public var delta: Float = 1
  public var isSmoothL1 = false
  public init() {}

  /// With c = min(|d|, delta) both cases are c·(|d| − c/2).
  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    guard delta > 0 else { throw GraphError(.attribute, "delta is \(delta) and must be positive") }
    let difference = try graph.difference(terms.output(output), terms.reference(reference))
    let size = try graph.apply(Abs(), difference)
    let small = try graph.apply(Min(), size, graph.number(Double(delta), like: size))
    let rest = try graph.apply(Sub(), size, graph.scaled(small, by: 0.5))
    let mean = try graph.mean(of: graph.apply(Mul(), small, rest), terms.sampleWeights)
    return isSmoothL1 ? try graph.scaled(mean, by: 1 / Double(delta)) : mean
  }
}
