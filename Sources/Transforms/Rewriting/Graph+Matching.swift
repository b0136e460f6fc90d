import HoneIR

extension Graph {
  /// The number, if `value` is a constant of one number.
  func scalar(_ value: Value?) -> Double? {
    guard let tensor = constant(value), tensor.elementCount == 1, tensor.element != .string, !tensor.element.isComplex
    else { return nil }
    return tensor.double(at: 0)
  }
  /// The number that all elements of a constant are.
  func uniform(_ value: Value?) -> Double? {
    guard let tensor = constant(value), tensor.elementCount > 0, tensor.element != .string, !tensor.element.isComplex
    else { return nil }
    let first = tensor.double(at: 0)
    return (1..<tensor.elementCount).allSatisfy { tensor.double(at: $0) == first } ? first : nil
  }
  /// The elements of an integer vector or scalar, if all are known.
  func integers(_ value: Value?) -> [Int]? {
    guard let value else { return nil }
    if let tensor = constant(value) { return tensor.element.isInteger ? tensor.integers : nil }
    guard let elements = symbolic(value) else { return nil }
    let sizes = elements.compactMap(\.size)
    return sizes.count == elements.count ? sizes : nil
  }
  func shape(of value: Value?) -> [Dimension]? { value.flatMap { type(of: $0).tensor?.shape } }
  func rank(of value: Value?) -> Int? { shape(of: value)?.count }
  func element(of value: Value?) -> ElementType? { value.flatMap { type(of: $0).tensor?.element } }

  /// The types are known to be the same at run time too: unknown ranks are not.
  func haveSameType(_ a: Value, _ b: Value) -> Bool {
    guard let x = type(of: a).tensor, let y = type(of: b).tensor, x.shape != nil else { return false }
    return x == y
  }

  /// One node reads `value`, and it is no output.
  func isReadOnce(_ value: Value) -> Bool { userCount(of: value) == 1 && !roots.contains(value) }

  /// For a node of two operands of which one is a constant: the other one, the constant, and the constant's position.
  func withConstant(_ node: Node) -> (value: Value, constant: Value, position: Int)? {
    guard node.operands.count == 2, let a = node.operands[0], let b = node.operands[1] else { return nil }
    if constant(b) != nil, constant(a) == nil { return (a, b, 1) }
    if constant(a) != nil, constant(b) == nil { return (b, a, 0) }
    return nil
  }

  /// A constant of `sizes` changes nothing about the shape of `value` when both are broadcast.
  func broadcasts(_ sizes: [Int], into value: Value) -> Bool {
    guard let shape = shape(of: value), sizes.count <= shape.count else { return false }
    return zip(sizes.reversed(), shape.reversed()).allSatisfy { $0 == 1 || $1.size == $0 }
  }

  /// Applies `op` in the place of `node`, whose names it takes over.
  mutating func apply(_ op: any Op, _ operands: [Value?], insteadOf node: Node) throws(GraphError) -> Value {
    try apply(op, operands, resultCount: 1, named: node.name, resultNames: [name(of: node.result)])[0]
  }

  /// Applies `op`, which gives as many results as `node`, in its place; other results than the first are replaced here.
  mutating func substitute(_ op: any Op, _ operands: [Value?], for node: Node) throws(GraphError) -> Value {
    let names = node.results.map { name(of: $0) }
    let results = try apply(op, operands, resultCount: node.results.count, named: node.name, resultNames: names)
    for (old, new) in zip(node.results, results).dropFirst() { replace(old, with: new) }
    return results[0]
  }
}

extension Tensor {
  /// A float32 tensor of other elements in this one's shape.
  func with(floats: [Float]) -> Tensor { Tensor(floats, shape: sizes) }
}
