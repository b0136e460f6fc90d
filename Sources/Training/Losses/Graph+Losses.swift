import HoneIR
import HoneOperators

/// Spellings that losses share.
extension Graph {
  /// The mean of a loss per element, or per position, whose first axis counts samples: over all elements, or weighted by
  /// sample.
  mutating func mean(of losses: Value, _ weights: Value?) throws(GraphError) -> Value {
    let sizes = try sizes(of: losses)
    let total = sizes.reduce(1, *)
    guard let weights else { return try scaled(totalled(losses), by: 1 / Double(max(total, 1))) }
    let batch = sizes.first ?? 1
    let spread = try shaped(weights, [batch] + sizes.dropFirst().map { _ in 1 })
    let sum = try totalled(apply(Mul(), losses, spread))
    let all = try scaled(totalled(weights), by: Double(max(total / max(batch, 1), 1)))
    return try apply(Mul(), sum, apply(Div(), number(1, like: all), all))
  }

  /// The sum of all elements, a scalar.
  mutating func totalled(_ value: Value) throws(GraphError) -> Value {
    let axes = try sizes(of: value).indices
    guard !axes.isEmpty else { return value }
    var sum = ReduceSum()
    sum.keepdims = false
    return try apply(sum, value, constant(.integers(Array(axes))))
  }

  /// a − b of one shape.
  mutating func difference(_ a: Value, _ b: Value) throws(GraphError) -> Value {
    guard try sizes(of: a) == sizes(of: b) else {
      throw GraphError(.type, "outputs \(type(of: a)) and references \(type(of: b)) must have one shape")
    }
    return try apply(Sub(), a, b)
  }

  /// `value` times a number.
  mutating func scaled(_ value: Value, by factor: Double) throws(GraphError) -> Value {
    guard factor != 1 else { return value }
    return try apply(Mul(), value, number(factor, like: value))
  }
}
