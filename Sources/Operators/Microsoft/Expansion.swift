import HoneIR

/// Spellings that expansions share.
extension Graph {
  mutating func integers(_ values: Int...) -> Value { constant(.integers(values)) }

  /// A scalar of the element type of `x`.
  mutating func scalar(_ value: Double, like x: Value) throws(GraphError) -> Value {
    constant(try .number(value, tensorType(of: x).element))
  }

  mutating func dequantize(_ x: Value?, _ scale: Value?, _ zero: Value?) throws(GraphError) -> Value {
    try apply(DequantizeLinear(), [x, scale] + (zero.map { [$0] } ?? []), resultCount: 1)[0]
  }

  /// `x` quantized to the type of `zero` or, without one, to that of `like`.
  mutating func quantize(_ x: Value, _ scale: Value?, _ zero: Value?, like: Value?) throws(GraphError) -> Value {
    var op = QuantizeLinear()
    if let zero { return try apply(op, x, scale, zero) }
    if let like { op.output_dtype = tensorType(of: like).element }
    return try apply(op, x, scale)
  }

  mutating func transpose(_ x: Value?, _ perm: [Int]) throws(GraphError) -> Value {
    var op = Transpose()
    op.perm = perm
    return try apply(op, x)
  }

  /// `x` with its last two axes exchanged.
  mutating func matrixTranspose(_ x: Value) throws(GraphError) -> Value {
    guard let rank = tensorType(of: x).rank, rank >= 2 else {
      throw GraphError(.unsupported, "the rank of a matrix is not known")
    }
    return try transpose(x, Array(0..<rank - 2) + [rank - 1, rank - 2])
  }

  /// `x` in another shape; 0 keeps a size, −1 takes what is left.
  mutating func reshape(_ x: Value, _ sizes: Int...) throws(GraphError) -> Value {
    try apply(Reshape(), x, constant(.integers(sizes)))
  }

  mutating func slice(_ x: Value, axis: Int, _ range: Range<Int>) throws(GraphError) -> Value {
    try apply(Slice(), x, integers(range.lowerBound), integers(range.upperBound), integers(axis))
  }

  mutating func unsqueeze(_ x: Value, _ axes: Int...) throws(GraphError) -> Value {
    try apply(Unsqueeze(), x, constant(.integers(axes)))
  }

  mutating func concat(_ values: [Value], axis: Int) throws(GraphError) -> Value {
    try apply(try Concat(attributes: ["axis": .int(axis)]), values, resultCount: 1)[0]
  }

  mutating func gather(_ x: Value?, _ indices: Value?, axis: Int = 0) throws(GraphError) -> Value {
    try apply(try Gather(attributes: ["axis": .int(axis)]), x, indices)
  }

  mutating func cast(_ x: Value, to element: ElementType) throws(GraphError) -> Value {
    try apply(try Cast(attributes: ["to": .int(element.code)]), x)
  }

  /// The size of one axis, as a vector of one element.
  mutating func size(_ x: Value, axis: Int) throws(GraphError) -> Value {
    try apply(try Shape(attributes: ["start": .int(axis), "end": .int(axis + 1)]), x)
  }
}

extension Array where Element == Value? {
  /// The operand at `i`, absent or not.
  func optional(_ i: Int) -> Value? { i < count ? self[i] : nil }
  /// The operand at `i`.
  func required(_ i: Int) throws(GraphError) -> Value {
    guard i < count, let value = self[i] else { throw GraphError(.arity, "operand \(i) is missing") }
    return value
  }
}
