public import HoneIR
import HoneOperators

/// Losses of several outputs, or of one output against target and teacher, each with its weight.
public struct WeightedSum: Loss {
  public static let name = "sum"
  public struct Term: Codable, Sendable {
    public var weight: Float
    public var loss: LossChoice
    public init(_ weight: Float, _ loss: any Loss) { (self.weight, self.loss) = (weight, LossChoice(loss)) }
  }
  public var terms: [Term]
  public init(_ terms: [Term] = []) { self.terms = terms }

  public func append(_ values: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    var total: Value?
    for term in terms {
      let loss = try term.loss.loss.append(values, to: &graph)
      let part = try graph.scaled(loss, by: term.weight.isFinite ? Double(term.weight) : 0)
      total = try graph.sum([total, part])
    }
    guard let total else { throw GraphError(.attribute, "a sum of losses needs at least one") }
    return total
  }
}
