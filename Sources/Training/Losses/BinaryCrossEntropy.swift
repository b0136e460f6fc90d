public import HoneIR
import HoneOperators

/// −positiveWeight·y·log σ(x) − (1 − y)·log(1 − σ(x)) of logits x and targets y from 0 to 1; the mean over all elements.
public struct BinaryCrossEntropy: Loss {
  public static let name = "binary-cross-entropy"
  public var output = 0
  public var reference = LossReference.target(0)
  /// One number, or one for each of the outputs' last axis; none for 1.
  public var positiveWeight: [Float] = []
  public init() {}

  /// (1 − y)·x + (1 + (positiveWeight − 1)·y)·softplus(−x)
  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let (x, y) = (try terms.output(output), try terms.reference(reference))
    guard try graph.sizes(of: x) == graph.sizes(of: y), graph.tensorType(of: y).element == .float32 else {
      throw GraphError(
        .type, "logits \(graph.type(of: x)) and float32 targets \(graph.type(of: y)) must have one shape")
    }
    let one = try graph.number(1, like: x)
    let negative = try graph.apply(Sub(), one, y)
    var soft = try graph.apply(Softplus(), graph.scaled(x, by: -1))
    if !positiveWeight.isEmpty {
      let extra = graph.constant(Tensor(positiveWeight.map { $0 - 1 }, shape: [positiveWeight.count]))
      soft = try graph.apply(Mul(), soft, graph.apply(Add(), one, graph.apply(Mul(), y, extra)))
    }
    let losses = try graph.apply(Add(), graph.apply(Mul(), negative, x), soft)
    return try graph.mean(of: losses, terms.sampleWeights)
  }
}
