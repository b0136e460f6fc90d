public import HoneIR
import HoneKernels

/// y = x/‖x‖ₚ along an axis, p = 1 or 2; rows of zeros stay zero
public struct LpNormalization: RowKernelOp {
  public var axis = -1
  public var p = 2
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let type = try call.tensor(0)
    if let rank = type.rank { _ = try call.axis(axis, rank: rank) }
    guard p == 1 || p == 2 else { throw GraphError(.attribute, "p must be 1 or 2, is \(p)") }
    return [.tensor(type)]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let layout = AxisLayout(sizes, axis: try call.axis(axis, rank: sizes.count))
    let kind: Accumulation = p == 1 ? .sumAbs : .sumSquare
    let (isSquare, inner, size) = (p == 2, layout.inner, layout.count * layout.inner)
    let byteCount = inner * MemoryLayout<T>.stride
    return Kernel(tasks: layout.outer, scratch: byteCount) { frame, range in
      guard size > 0 else { return }
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let norm = frame.scratch.assumingMemoryBound(to: T.self)
      for outer in range {
        let (source, target) = (x + outer * size, y + outer * size)
        if inner == 1 {
          let sum = T.sum(source, count: size, kind)
          let length = isSquare ? sum.squareRoot() : sum
          T.affine(source, count: size, a: length == 0 ? 0 : 1 / length, b: 0, into: target)
          continue
        }
        norm.initialize(repeating: 0, count: inner)
        T.reduceColumns(source, stride: inner, rows: layout.count, count: inner, kind, into: norm)
        for j in 0..<inner {
          let length = isSquare ? norm[j].squareRoot() : norm[j]
          norm[j] = length == 0 ? 0 : 1 / length
        }
        for i in 0..<layout.count {
          for j in 0..<inner { target[i * inner + j] = source[i * inner + j] * norm[j] }
        }
      }
    }
  }
}

extension LpNormalization: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // (dy − ∂‖x‖/∂x·Σ dy·y)/‖x‖
    guard let dy = cotangents[0] else { return [] }
    let (x, y) = (node.operands[0]!, node.result)
    let axes = g.constant(.integers([axis]))
    let norm = try p == 1 ? g.apply(ReduceL1(), x, axes) : g.apply(ReduceL2(), x, axes)
    let direction = try p == 1 ? g.apply(Sign(), x) : y
    let along = try g.apply(Mul(), direction, g.apply(ReduceSum(), g.apply(Mul(), dy, y), axes))
    let zero = try g.number(0, like: x)
    let quotient = try g.apply(Div(), g.apply(Sub(), dy, along), norm)
    return [try g.apply(Where(), g.apply(Equal(), norm, zero), zero, quotient)]
  }
}
