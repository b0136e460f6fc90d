public import HoneIR

/// The axes in another order: axis i of the result is axis `perm`[i] of the operand. Without `perm` the order is reversed.
public struct Transpose: MovementOp {
  public var perm: [Int]?
  public init() {}

  private func order(_ rank: Int) throws(GraphError) -> [Int] {
    guard let perm, !(perm.isEmpty && rank > 0) else { return (0..<rank).reversed() }
    guard perm.sorted() == Array(0..<rank) else {
      throw GraphError(.attribute, "perm \(perm) does not order \(rank) axes")
    }
    return perm
  }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let data = try call.tensor(0)
    guard let shape = data.shape else {
      return [.tensor(data.with(shape: perm.map { $0.map { _ in call.unknownSize() } }))]
    }
    return [.tensor(data.with(shape: try order(shape.count).map { shape[$0] }))]
  }
  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let order = try order(sizes.count)
    let result = order.map { sizes[$0] }
    let source = strides(of: sizes)
    var copies = CopyList()
    try copies.add(result, from: order.map { source[$0] }, to: strides(of: result), width: call.element(0).byteWidth)
    return copies.kernel()
  }
}

extension Transpose: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let order = try order(g.sizes(of: dy).count)
    var inverse = Transpose()
    inverse.perm = order.indices.map { order.firstIndex(of: $0)! }
    return [try g.apply(inverse, dy)]
  }
}
