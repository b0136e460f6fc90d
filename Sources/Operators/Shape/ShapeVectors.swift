import HoneIR

extension Call {
  /// Operand `i`, a vector or scalar of integers, if all its elements are known numbers.
  func integers(_ i: Int) -> [Int]? {
    if let known = known(i) { return known.integers }
    guard let symbolic = symbolic(i) else { return nil }
    let sizes = symbolic.compactMap(\.size)
    return sizes.count == symbolic.count ? sizes : nil
  }
  /// The elements of operand `i`, which decide about shapes or kernels.
  func requireIntegers(_ i: Int, _ what: String) throws(GraphError) -> [Int] {
    if let integers = integers(i) { return integers }
    return try requireKnown(i, what).integers
  }
  /// How many elements operand `i`, a vector, has, if that is known.
  func vectorLength(_ i: Int) throws(GraphError) -> Int? {
    guard let shape = try shape(i) else { return nil }
    guard shape.count <= 1 else { throw GraphError(.type, "operand \(i) must be a vector, is \(try tensor(i))") }
    return shape.isEmpty ? 1 : shape[0].size
  }
  /// As many unknown sizes as operand `i` has elements; nil if that is not known.
  func unknownShape(asLongAs i: Int) throws(GraphError) -> [Dimension]? {
    guard let count = try vectorLength(i), count <= 64 else { return nil }
    return (0..<count).map { _ in unknownSize() }
  }
  /// The elements of operand `i` if it is a vector.
  func symbolicVector(_ i: Int) -> [Dimension]? {
    guard i < operands.count, operands[i]?.type.tensor?.shape?.count == 1 else { return nil }
    return symbolic(i)
  }
  /// Axes counted from the front; fails if one occurs twice.
  func axes(_ axes: [Int], rank: Int) throws(GraphError) -> [Int] {
    var result: [Int] = []
    for axis in axes {
      let normal = try self.axis(axis, rank: rank)
      if result.contains(normal) { throw GraphError(.attribute, "axis \(axis) occurs twice in \(axes)") }
      result.append(normal)
    }
    return result
  }
}

extension [Dimension] {
  /// The number of elements of an array of this shape.
  var product: Dimension { reduce(1) { $0 * $1 } }
}

extension [Int] {
  /// The number of elements of an array of these sizes.
  var product: Int { reduce(1, *) }
}

/// Fails if a size is negative.
func checked(_ shape: [Dimension]) throws(GraphError) -> [Dimension] {
  if let negative = shape.first(where: { ($0.size ?? 0) < 0 }) { throw GraphError(.type, "a size is \(negative)") }
  return shape
}

/// The sizes that two operands agree on: numbers win over symbols. Fails if two numbers differ.
func unified(_ a: Dimension, _ b: Dimension) throws(GraphError) -> Dimension {
  if let x = a.size, let y = b.size, x != y { throw GraphError(.type, "sizes differ: \(x) and \(y)") }
  return a.size == nil ? b : a
}
