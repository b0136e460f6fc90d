public import HoneIR

/// 1 at the first largest element along an axis, 0 elsewhere
public struct Hardmax: SoftmaxOp, RowKernelOp {
  public var axis = -1
  public init() {}
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let layout = try layout(call)
    return Kernel(tasks: layout.outer * layout.inner) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      for task in range where layout.outer * layout.inner * layout.count > 0 {
        let start = task / layout.inner * layout.count * layout.inner + task % layout.inner
        var best = 0
        for i in 0..<layout.count {
          y[start + i * layout.inner] = 0
          if x[start + i * layout.inner] > x[start + best * layout.inner] { best = i }
        }
        y[start + best * layout.inner] = 1
      }
    }
  }
}

extension Hardmax: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
