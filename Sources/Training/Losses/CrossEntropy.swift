public import HoneIR
import HoneOperators

/// −Σ q·log softmax(scores) over classes, where q is 1 for the right class, or probabilities given as targets.
///
/// Targets are class indices (int32 or int64, the scores' shape without classes) or float32 probabilities in the scores'
/// shape. The mean is over positions; over class indices it is weighted by the weights of the right classes, as in PyTorch.
public struct CrossEntropy: Loss {
  public static let name = "cross-entropy"
  public var output = 0
  public var target = 0
  /// The scores' axis that counts classes.
  public var axis = 1
  /// One weight per class; none for 1.
  public var classWeights: [Float] = []
  /// How much of q is spread evenly over all classes.
  public var smoothing: Float = 0
  /// Positions with this index count nothing.
  public var ignoredClass: Int?
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let scores = try graph.classesSecond(terms.output(output), axis: axis)
    let target = try terms.target(target)
    let count = try graph.sizes(of: scores)[1]
    guard classWeights.isEmpty || classWeights.count == count else {
      throw GraphError(.attribute, "there are \(classWeights.count) class weights for \(count) classes")
    }
    if graph.tensorType(of: target).element.isFloatingPoint { return try soft(scores, target, terms, &graph) }
    let wanted = try graph.sizes(of: scores).enumerated().filter { $0.offset != 1 }.map(\.element)
    guard try graph.sizes(of: target) == wanted else {
      throw GraphError(.type, "class indices \(graph.type(of: target)) do not fit scores \(graph.type(of: scores))")
    }
    if smoothing == 0, terms.sampleWeights == nil {
      var op = SoftmaxCrossEntropyLoss()
      op.ignore_index = ignoredClass
      let weights = classWeights.isEmpty ? nil : graph.constant(Tensor(classWeights, shape: [count]))
      return try graph.apply(op, [scores, target] + (weights.map { [$0] } ?? []), resultCount: 1)[0]
    }
    return try hard(scores, target, terms, &graph)
  }

  /// Class indices, smoothed or weighed by sample.
  private func hard(_ scores: Value, _ target: Value, _ terms: LossTerms, _ graph: inout Graph) throws(GraphError)
    -> Value
  {
    let sizes = try graph.sizes(of: scores)
    let right = try graph.oneHot(target, count: sizes[1])
    var losses = try distribute(right, scores, sizes, &graph)
    var weights = right
    if !classWeights.isEmpty {
      weights = try graph.apply(Mul(), right, graph.perClass(classWeights, rank: sizes.count))
    }
    var total = try graph.overClasses(weights)
    if let ignoredClass {
      let mask = try graph.mask(target, ignoring: ignoredClass)
      losses = try graph.apply(Mul(), losses, mask)
      total = try graph.apply(Mul(), total, mask)
    }
    return try graph.quotient(losses, total, terms.sampleWeights)
  }

  /// Probabilities: the mean does not look at class weights.
  private func soft(_ scores: Value, _ target: Value, _ terms: LossTerms, _ graph: inout Graph) throws(GraphError)
    -> Value
  {
    let target = try graph.classesSecond(target, axis: axis)
    let sizes = try graph.sizes(of: scores)
    guard try graph.sizes(of: target) == sizes else {
      throw GraphError(.type, "probabilities \(graph.type(of: target)) do not fit scores \(graph.type(of: scores))")
    }
    return try graph.mean(of: distribute(target, scores, sizes, &graph), terms.sampleWeights)
  }

  /// −Σ weight·((1 − smoothing)·q + smoothing/C)·log softmax of each position.
  private func distribute(_ q: Value, _ scores: Value, _ sizes: [Int], _ graph: inout Graph) throws(GraphError) -> Value
  {
    var q = try graph.scaled(q, by: -(1 - Double(smoothing)))
    if smoothing != 0 { q = try graph.apply(Add(), q, graph.number(-Double(smoothing) / Double(sizes[1]), like: q)) }
    if !classWeights.isEmpty { q = try graph.apply(Mul(), q, graph.perClass(classWeights, rank: sizes.count)) }
    return try graph.overClasses(graph.apply(Mul(), q, graph.logSoftmax(scores)))
  }
}
