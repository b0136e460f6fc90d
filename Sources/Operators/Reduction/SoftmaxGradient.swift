public import HoneIR

/// dx of softmax along an axis, or of its logarithm, from its result (operand 0) and dy (operand 1).
public struct SoftmaxGradient: RowKernelOp {
  public static var domain: String { NHWC.domain }
  public var axis = -1
  public var logarithm = false
  public init() {}
  init(axis: Int, logarithm: Bool) { (self.axis, self.logarithm) = (axis, logarithm) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let (y, dy) = (try call.tensor(0), try call.tensor(1))
    guard y == dy else { throw GraphError(.type, "a cotangent of \(dy) does not fit \(y)") }
    if let rank = y.rank { _ = try call.axis(axis, rank: rank) }
    return [.tensor(y)]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let layout = AxisLayout(sizes, axis: try call.axis(axis, rank: sizes.count))
    let (size, logarithm) = (layout.count * layout.inner, logarithm)
    guard size * layout.outer > 0 else { return Kernel { _ in } }
    if layout.inner == 1 {
      return Kernel(tasks: layout.outer, overwrites: [0: 1]) { frame, range in
        let start = range.lowerBound * size
        T.softmaxGradient(
          frame.operand(0) + start, frame.operand(1) + start, rows: range.count, count: size, logarithm: logarithm,
          into: frame.result(0) + start)
      }
    }
    let width = 256
    let blocks = (layout.inner + width - 1) / width
    return Kernel(tasks: layout.outer * blocks, overwrites: [0: 1]) { frame, range in
      for task in range {
        let from = task % blocks * width
        let start = task / blocks * size + from
        T.softmaxGradientColumns(
          frame.operand(0) + start, frame.operand(1) + start, stride: layout.inner, rows: layout.count,
          count: min(width, layout.inner - from), logarithm: logarithm, into: frame.result(0) + start)
      }
    }
  }
}
