import HoneIR
import HoneOperators

/// The constant operand of a `Reshape` that gives `to`: numbers, 0 for a size that stays in its place, at most one −1.
/// nil if the sizes cannot be told so.
func reshapeTarget(from source: [Dimension]?, to: [Dimension]) -> [Int]? {
  var target: [Int] = []
  var hole = false
  for (i, size) in to.enumerated() {
    if let number = size.size, number > 0 {
      target.append(number)
    } else if let source, i < source.count, source[i] == size {
      target.append(0)
    } else if size.size == nil, !hole {
      hole = true
      target.append(-1)
    } else {
      return nil
    }
  }
  return target
}

extension Graph {
  /// Reshapes `x` to the shape of `node`'s result by a constant, if its sizes can be told so.
  mutating func reshape(_ x: Value, insteadOf node: Node) throws(GraphError) -> Value? {
    guard let shape = shape(of: node.result), let target = reshapeTarget(from: self.shape(of: x), to: shape) else {
      return nil
    }
    return try apply(Reshape(), [x, constant(.integers(target))], insteadOf: node)
  }
}
