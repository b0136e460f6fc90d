import HoneIR
import HoneOperators

/// Spellings that losses share.
extension Graph {
  /// The mean of a loss per element, or per position, whose first axis counts samples: over all elements, or weighted by
  /// sample.
  mutating func mean(of losses: Value, _ weights: Value?) throws(GraphError) -> Value {
    let sizes = try sizes(of: losses)
    let total = sizes.reduce(1, *)
    guard let weights else {
      let sum = try apply(ReduceSum(), losses, constant(.integers(Array(sizes.indices))))
      return try scaled(shaped(sum, []), by: 1 / Double(max(total, 1)))
    }
    let batch = sizes.first ?? 1
    let perSample = max(total / max(batch, 1), 1)
    let rows = try shaped(losses, [batch, perSample])
    let weighted = try apply(Mul(), rows, shaped(weights, [batch, 1]))
    let sum = try shaped(apply(ReduceSum(), weighted, constant(.integers([0, 1]))), [])
    let weight = try shaped(apply(ReduceSum(), weights, constant(.integers([0]))), [])
    return try apply(Div(), scaled(sum, by: 1 / Double(perSample)), weight)
  }

  /// `value` times a number.
  mutating func scaled(_ value: Value, by factor: Double) throws(GraphError) -> Value {
    guard factor != 1 else { return value }
    return try apply(Mul(), value, number(factor, like: value))
  }
}
