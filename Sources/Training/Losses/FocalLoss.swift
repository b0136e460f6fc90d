public import HoneIR
import HoneOperators

/// −α·(1 − p)^γ·log p of the right class's probability p (Lin and others, arXiv 1708.02002), the mean over all positions.
///
/// With class indices as targets p is a softmax and α is one weight per class; with float32 targets of the scores' shape
/// every element is a question of its own, p is a sigmoid, and α and 1 − α weigh yes and no.
public struct FocalLoss: Loss {
  public static let name = "focal"
  public var output = 0
  public var target = 0
  public var axis = 1
  public var gamma: Float = 2
  /// Weights per class, or the weight of yes; none for no weights.
  public var alpha: [Float] = []
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let (scores, target) = (try terms.output(output), try terms.target(target))
    let isBinary = graph.tensorType(of: target).element.isFloatingPoint
    return try isBinary ? binary(scores, target, terms, &graph) : classes(scores, target, terms, &graph)
  }

  private func classes(_ scores: Value, _ target: Value, _ terms: LossTerms, _ graph: inout Graph) throws(GraphError)
    -> Value
  {
    let scores = try graph.classesSecond(scores, axis: axis)
    let sizes = try graph.sizes(of: scores)
    guard alpha.isEmpty || alpha.count == sizes[1] else {
      throw GraphError(.attribute, "there are \(alpha.count) class weights for \(sizes[1]) classes")
    }
    let right = try graph.oneHot(target, count: sizes[1])
    let logarithm = try graph.overClasses(graph.apply(Mul(), right, graph.logSoftmax(scores)))
    var losses = try focused(logarithm, graph.apply(Exp(), logarithm), &graph)
    if !alpha.isEmpty {
      let weights = try graph.overClasses(graph.apply(Mul(), right, graph.perClass(alpha, rank: sizes.count)))
      losses = try graph.apply(Mul(), losses, weights)
    }
    return try graph.mean(of: losses, terms.sampleWeights)
  }

  /// With z = x for yes and −x for no, p = σ(z) and log p = −softplus(−z).
  private func binary(_ x: Value, _ y: Value, _ terms: LossTerms, _ graph: inout Graph) throws(GraphError) -> Value {
    guard try graph.sizes(of: x) == graph.sizes(of: y), alpha.count < 2 else {
      throw GraphError(.type, "logits \(graph.type(of: x)) and targets \(graph.type(of: y)) must have one shape")
    }
    let one = try graph.number(1, like: x)
    let sign = try graph.apply(Sub(), graph.scaled(y, by: 2), one)
    let z = try graph.apply(Mul(), sign, x)
    let logarithm = try graph.scaled(graph.apply(Softplus(), graph.scaled(z, by: -1)), by: -1)
    var losses = try focused(logarithm, graph.apply(Sigmoid(), z), &graph)
    if let alpha = alpha.first {
      let weights = try graph.apply(
        Add(), graph.scaled(y, by: 2 * Double(alpha) - 1), graph.number(1 - Double(alpha), like: y))
      losses = try graph.apply(Mul(), losses, weights)
    }
    return try graph.mean(of: losses, terms.sampleWeights)
  }

  private func focused(_ logarithm: Value, _ p: Value, _ graph: inout Graph) throws(GraphError) -> Value {
    let negative = try graph.scaled(logarithm, by: -1)
    guard gamma != 0 else { return negative }
    let rest = try graph.apply(Sub(), graph.number(1, like: p), p)
    guard gamma != 2 else { return try graph.apply(Mul(), graph.apply(Mul(), rest, rest), negative) }
    let positive = try graph.apply(Max(), rest, graph.number(1e-12, like: p))
    let focus = try graph.apply(Pow(), positive, graph.number(Double(gamma), like: p))
    return try graph.apply(Mul(), focus, negative)
  }
}
