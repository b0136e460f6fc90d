public import HoneIR

/// Spellings that pullbacks share. All types are concrete by the time gradients are made.
extension Graph {
  /// The concrete sizes of `value`.
  public func sizes(of value: Value) throws(GraphError) -> [Int] {
    guard let sizes = tensorType(of: value).sizes else {
      throw GraphError(.unsupported, "gradients need concrete sizes, and here they are \(type(of: value))")
    }
    return sizes
  }

  /// The type of cotangents of `value`; nil if it has none. Of integers, only what `QuantizeLinear` gives has some: they are of
  /// the type of what was quantized.
  public func cotangentType(of value: Value) -> TensorType? {
    if let (_, node) = producer(of: value, as: QuantizeLinear.self), let x = node.operands[0] {
      return tensorType(of: x).element.isFloatingPoint ? tensorType(of: x) : nil
    }
    let type = tensorType(of: value)
    return type.element.isFloatingPoint ? type : nil
  }

  /// `cotangent` summed over the axes along which `operand` was broadcast, so that it has the operand's shape.
  public mutating func reduced(_ cotangent: Value, like operand: Value) throws(GraphError) -> Value {
    let (from, to) = (try sizes(of: cotangent), try sizes(of: operand))
    guard from != to else { return cotangent }
    let missing = from.count - to.count
    let axes = from.indices.filter { $0 < missing || (to[$0 - missing] == 1 && from[$0] != 1) }
    var sum = cotangent
    if !axes.isEmpty { sum = try apply(ReduceSum(), sum, constant(.integers(axes))) }
    return try shaped(sum, to)
  }

  /// `value`, a reduction of `operand` over `axes`, with those axes of size 1.
  public mutating func kept(_ value: Value, of operand: Value, reducing axes: Set<Int>) throws(GraphError) -> Value {
    let sizes = try sizes(of: operand)
    return try shaped(value, sizes.indices.map { axes.contains($0) ? 1 : sizes[$0] })
  }

  /// The cotangent of a sum of `operand` over `axes`: the same for all elements that were summed.
  public mutating func spread(_ cotangent: Value, over operand: Value, reducing axes: Set<Int>) throws(GraphError)
    -> Value
  {
    let kept = try kept(cotangent, of: operand, reducing: axes)
    let sizes = try sizes(of: operand)
    guard try self.sizes(of: kept) != sizes else { return kept }
    return try apply(Expand(), kept, constant(.integers(sizes)))
  }

  /// `value` in another shape of as many elements.
  public mutating func shaped(_ value: Value, _ sizes: [Int]) throws(GraphError) -> Value {
    guard try self.sizes(of: value) != sizes else { return value }
    if sizes.contains(0) { return try zeros(sizes, tensorType(of: value).element) }
    return try apply(Reshape(), value, constant(.integers(sizes)))
  }

  /// Zeros of a shape.
  public mutating func zeros(_ sizes: [Int], _ element: ElementType) throws(GraphError) -> Value {
    var op = ConstantOfShape()
    op.value = try Tensor.number(0, element).reshaped([1])
    return try apply(op, constant(.integers(sizes)))
  }

  /// A constant scalar of the element type of `x`.
  public mutating func number(_ value: Double, like x: Value) throws(GraphError) -> Value {
    try scalar(value, like: x)
  }

  /// The sum of the cotangents that are there.
  public mutating func sum(_ cotangents: [Value?]) throws(GraphError) -> Value? {
    var total: Value?
    for case let cotangent? in cotangents {
      guard let before = total else {
        total = cotangent
        continue
      }
      total = try apply(Add(), before, cotangent)
    }
    return total
  }
}
