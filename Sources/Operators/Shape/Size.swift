public import HoneIR

/// The number of elements of an array.
public struct Size: KernelEvaluatedOp, SymbolicOp {
  public init() {}
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    _ = try call.tensor(0)
    return [.tensor(.int64, [Int]())]
  }
  public func symbolicResult(_ call: Call) -> [Dimension]? {
    call.operands.first??.type.tensor?.shape.map { [$0.product] }
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let count = Int64(try call.sizes(0).product)
    return Kernel { frame in frame.result(as: Int64.self).pointee = count }
  }
}

/// Sizes have no gradient.
extension Size: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
