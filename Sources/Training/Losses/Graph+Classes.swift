import HoneIR
import HoneOperators

/// Spellings that losses over classes share.
extension Graph {
  /// `scores` with its classes on axis 1.
  mutating func classesSecond(_ scores: Value, axis: Int) throws(GraphError) -> Value {
    let rank = try sizes(of: scores).count
    guard rank > 1, axis >= -rank, axis < rank else {
      throw GraphError(.attribute, "there is no axis \(axis) of classes in scores \(type(of: scores))")
    }
    let axis = axis < 0 ? axis + rank : axis
    guard axis != 1 else { return scores }
    var order = Array(0..<rank)
    order.remove(at: axis)
    order.insert(axis, at: 1)
    var transpose = Transpose()
    transpose.perm = order
    return try apply(transpose, scores)
  }

  /// log softmax over axis 1.
  mutating func logSoftmax(_ scores: Value) throws(GraphError) -> Value {
    var op = LogSoftmax()
    op.axis = 1
    return try apply(op, scores)
  }

  /// 1 for the right class and 0 for others, along a new axis 1.
  mutating func oneHot(_ classes: Value, count: Int) throws(GraphError) -> Value {
    var op = OneHot()
    op.axis = 1
    return try apply(op, classes, constant(.scalar(Int64(count))), constant(Tensor([0, 1] as [Float], shape: [2])))
  }

  /// The sum over axis 1, which goes.
  mutating func overClasses(_ value: Value) throws(GraphError) -> Value {
    var sum = ReduceSum()
    sum.keepdims = false
    return try apply(sum, value, constant(.integers([1])))
  }

  /// A vector of one number per class, in the shape that goes with scores of `rank` axes.
  mutating func perClass(_ values: [Float], rank: Int) -> Value {
    constant(Tensor(values, shape: [1, values.count] + [Int](repeating: 1, count: max(rank - 2, 0))))
  }

  /// `ignored` positions of `classes` as 0, others as 1.
  mutating func mask(_ classes: Value, ignoring ignored: Int) throws(GraphError) -> Value {
    let element = tensorType(of: classes).element
    let number = constant(element == .int32 ? .scalar(Int32(ignored)) : .scalar(Int64(ignored)))
    let isIgnored = try apply(Equal(), classes, number)
    return try apply(Cast(to: .float32), apply(Not(), isIgnored))
  }

  /// Σ losses/Σ weights over all positions, both weighed by sample; losses are weighted already.
  mutating func quotient(_ losses: Value, _ weights: Value, _ sampleWeights: Value?) throws(GraphError) -> Value {
    var (losses, weights) = (losses, weights)
    if let sampleWeights {
      let sizes = try sizes(of: losses)
      let spread = try shaped(sampleWeights, [sizes.first ?? 1] + sizes.dropFirst().map { _ in 1 })
      losses = try apply(Mul(), losses, spread)
      weights = try apply(Mul(), weights, spread)
    }
    let total = try totalled(weights)
    return try apply(Mul(), totalled(losses), apply(Div(), number(1, like: total), total))
  }
}
