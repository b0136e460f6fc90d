public import HoneIR

/// y = (x − mean)/(deviation + 10⁻⁹), mean and deviation over `axes`
public struct MeanVarianceNormalization: RowKernelOp {
  public var axes = [0, 2, 3]
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    var reduced = Set<Int>()
    for axis in axes { reduced.insert(try call.axis(axis, rank: sizes.count)) }
    let layout = ReductionLayout(sizes, reducing: reduced)
    let (pieces, n) = (layout.reduced.count, T(layout.reducedCount))
    return Kernel(tasks: layout.resultCount) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      for task in range where layout.resultCount > 0 {
        let start = layout.kept.offset(task / layout.column) + task % layout.column
        var (sum, squares): (T, T) = (0, 0)
        for piece in 0..<pieces { sum += T.sum(x + start + layout.reduced.offset(piece), count: layout.row) }
        let mean = sum / n
        for piece in 0..<pieces {
          squares += T.deviation(x + start + layout.reduced.offset(piece), count: layout.row, mean: mean)
        }
        let factor = 1 / ((squares / n).squareRoot() + 1e-9)
        for piece in 0..<pieces {
          let offset = start + layout.reduced.offset(piece)
          T.affine(x + offset, count: layout.row, a: factor, b: -mean * factor, into: y + offset)
        }
      }
    }
  }
}

extension MeanVarianceNormalization: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // f·(dy − mean dy − y·mean(dy·y)), f being 1/(deviation + 10⁻⁹).
    guard let dy = cotangents[0] else { return [] }
    let (x, y) = (node.operands[0]!, node.result)
    let axes = g.constant(.integers(axes))
    let centred = try g.apply(Sub(), x, g.apply(ReduceMean(), x, axes))
    let variance = try g.apply(ReduceMean(), g.apply(Mul(), centred, centred), axes)
    let deviation = try g.apply(Add(), g.apply(Sqrt(), variance), g.number(1e-9, like: x))
    let along = try g.apply(Mul(), y, g.apply(ReduceMean(), g.apply(Mul(), dy, y), axes))
    let across = try g.apply(Sub(), dy, g.apply(ReduceMean(), dy, axes))
    return [try g.apply(Div(), g.apply(Sub(), across, along), deviation)]
  }
}
