public import HoneIR

/// The determinant of the matrices on the last two axes
public struct Det: RowKernelOp {
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let type = try call.tensor(0)
    guard let shape = type.shape else { return [.tensor(type.element, nil)] }
    let sizes = shape.suffix(2).compactMap(\.size)
    guard shape.count >= 2, sizes.count < 2 || sizes[0] == sizes[1] else {
      throw GraphError(.type, "needs square matrices, has \(type)")
    }
    return [.tensor(type.element, Array(shape.dropLast(2)))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let (n, matrices) = (sizes[sizes.count - 1], sizes.dropLast(2).reduce(1, *))
    return Kernel(tasks: matrices, scratch: n * n * MemoryLayout<T>.stride) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let a = frame.scratch.assumingMemoryBound(to: T.self)
      for matrix in range where matrices > 0 {
        a.initialize(from: x + matrix * n * n, count: n * n)
        y[matrix] = determinant(a, n)
      }
    }
  }
}

/// Gaussian elimination with row exchange; `a` is overwritten.
private func determinant<T: RowElement>(_ a: UnsafeMutablePointer<T>, _ n: Int) -> T {
  var result: T = 1
  for column in 0..<n {
    var pivot = column
    for row in column..<n where abs(a[row * n + column]) > abs(a[pivot * n + column]) { pivot = row }
    let value = a[pivot * n + column]
    if value == 0 { return 0 }
    if pivot != column {
      for j in 0..<n { (a[pivot * n + j], a[column * n + j]) = (a[column * n + j], a[pivot * n + j]) }
      result = -result
    }
    result *= value
    for row in column + 1..<max(n, column + 1) {
      let factor = a[row * n + column] / value
      for j in column..<n { a[row * n + j] -= factor * a[column * n + j] }
    }
  }
  return result
}

extension Det: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(DetGradient(), node.operands[0], dy)]
  }
}
