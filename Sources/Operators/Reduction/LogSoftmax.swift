public import HoneIR

/// y = x − log Σ exp x along an axis
public struct LogSoftmax: SoftmaxOp, RowKernelOp {
  public var axis = -1
  public init() {}
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    softmaxKernel(T.self, try layout(call), logarithm: true)
  }
}

extension LogSoftmax: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(SoftmaxGradient(axis: axis, logarithm: true), node.result, dy)]
  }
}
