public import HoneIR

/// Parts of the operand along `axis`, of given lengths or equal ones.
public struct Split: MovementOp, SymbolicOp, UpgradableOp {
  public var axis = 0
  public var num_outputs: Int?
  public init() {}
  public static var since: Int { 18 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 13 { node.attributeToOperand("split", 1, in: &graph) }
    if version < 18, !node.has(1) { node.attributes["num_outputs"] = .int(node.resultCount) }
  }

  /// Lengths of the parts.
  private func lengths(of size: Dimension, _ call: Call) throws(GraphError) -> [Dimension] {
    let count = call.resultCount
    if call.has(1) {
      guard let given = call.symbolic(1) else { return (0..<count).map { _ in call.unknownSize() } }
      guard given.count == count else { throw GraphError(.arity, "\(given.count) lengths for \(count) results") }
      let sum = given.reduce(0, +)
      if let n = sum.size, let m = size.size, n != m {
        throw GraphError(.type, "lengths \(given) do not add up to \(m)")
      }
      return try checked(given)
    }
    if let num_outputs, num_outputs != count {
      throw GraphError(.arity, "num_outputs is \(num_outputs), results are \(count)")
    }
    guard count > 0 else { throw GraphError(.arity, "has no results") }
    guard let n = size.size else {
      let part = size / Dimension(count)
      if part * Dimension(count) == size || num_outputs == nil { return Array(repeating: part, count: count) }
      let long = (size + Dimension(count - 1)) / Dimension(count)
      return Array(repeating: long, count: count - 1) + [size - long * Dimension(count - 1)]
    }
    let long = (n + count - 1) / count
    return (0..<count).map { Dimension(min(long, max(n - $0 * long, 0))) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return Array(repeating: .tensor(data), count: call.resultCount) }
    let axis = try call.axis(axis, rank: shape.count)
    return try lengths(of: shape[axis], call).map { length in
      var part = shape
      part[axis] = length
      return .tensor(data.with(shape: part))
    }
  }
  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let elements = call.symbolicVector(0), let parts = try? lengths(of: Dimension(elements.count), call),
      let length = parts.first?.size, length <= elements.count
    else { return nil }
    return Array(elements[..<length])
  }
  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    let source = strides(of: sizes)
    let width = try call.element(0).byteWidth
    var copies = CopyList()
    var offset = 0
    for i in call.results.indices {
      let part = try call.resultSizes(i)
      guard offset + part[axis] <= sizes[axis] else { throw GraphError(.type, "the lengths exceed \(sizes[axis])") }
      try copies.add(
        part, from: source, at: offset * source[axis], result: i, to: strides(of: part), width: width)
      offset += part[axis]
    }
    return copies.kernel()
  }
}

extension Split: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    var parts: [Value?] = []
    for (result, cotangent) in zip(node.results, cotangents) {
      if let cotangent {
        parts.append(cotangent)
      } else {
        parts.append(try g.zeros(g.sizes(of: result), g.tensorType(of: result).element))
      }
    }
    var concat = Concat()
    concat.axis = axis
    return [try g.apply(concat, parts, resultCount: 1)[0]]
  }
}
