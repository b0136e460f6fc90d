public import HoneIR

/// y = Π x
public struct ReduceProd: ReductionOp {
  public var keepdims = true
  public var noop_with_empty_axes = false
  public init() {}
  public static let reduction = Reduction.product
}

extension ReduceProd: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // The product of the others: where one factor is 0, only its own is not 0.
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    let (zero, one) = (try g.number(0, like: x), try g.number(1, like: x))
    let isZero = try g.apply(Equal(), x, zero)
    let list = g.constant(.integers(axes.sorted()))
    var product = ReduceProd()
    product.noop_with_empty_axes = true
    var sum = ReduceSum()
    sum.noop_with_empty_axes = true
    let factors = try g.apply(Where(), isZero, one, x)
    let others = try g.apply(product, factors, list)
    let zeros = try g.apply(sum, g.apply(Where(), isZero, one, zero), list)
    let ownZeros = try g.apply(Where(), isZero, one, zero)
    let counts = try g.apply(Equal(), zeros, ownZeros)
    let slope = try g.apply(Where(), counts, g.apply(Div(), others, factors), zero)
    return [try g.apply(Mul(), slope, g.kept(dy, of: x, reducing: axes))]
  }
}
