public import HoneIR

/// y = exp x / Σ exp x along an axis
public struct Softmax: SoftmaxOp, RowKernelOp {
  public var axis = -1
  public init() {}

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try call.element(0) == .float16 ? halfKernel(try layout(call)) : try rowKernel(call)
  }
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    softmaxKernel(T.self, try layout(call), logarithm: false)
  }

  /// Differences, exponentials and their sum are each rounded to float16, as in the reference of the operator.
  private func halfKernel(_ layout: AxisLayout) -> Kernel {
    Kernel(tasks: layout.outer * layout.inner, overwrites: [0: 0]) { frame, range in
      let (x, y) = (frame.operand(0, as: Float16.self), frame.result(0, as: Float16.self))
      for task in range where layout.outer * layout.inner * layout.count > 0 {
        let start = task / layout.inner * layout.count * layout.inner + task % layout.inner
        let places = stride(from: start, to: start + layout.count * layout.inner, by: layout.inner)
        var (most, sum): (Float16, Float) = (-.infinity, 0)
        for i in places where most < x[i] || x[i].isNaN { most = x[i] }
        for i in places {
          y[i] = Float16(Float.exp(Float(x[i] - most)))
          sum += Float(y[i])
        }
        let rounded = Float(Float16(sum))
        let divisor = rounded.isFinite ? rounded : sum
        for i in places { y[i] = Float16(Float(y[i]) / divisor) }
      }
    }
  }
}

extension Softmax: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(SoftmaxGradient(axis: axis, logarithm: false), node.result, dy)]
  }
}
