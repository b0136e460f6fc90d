public import HoneIR

/// A matrix: the axes before `axis` joined, and those from it on.
public struct Flatten: KernelEvaluatedOp {
  public var axis = 1
  public init() {}
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data.with(shape: [call.unknownSize(), call.unknownSize()]))] }
    let axis = axis == shape.count ? axis : try call.axis(axis, rank: max(shape.count, 1))
    return [.tensor(data.with(shape: [Array(shape[..<axis]).product, Array(shape[axis...]).product]))]
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try viewKernel(call) }
}

extension Flatten: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.shaped(dy, try g.sizes(of: node.operands[0]!))]
  }
}
