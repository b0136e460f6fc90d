public import HoneIR

/// dx of the determinants of matrices: dy·det(x)·x⁻ᵀ. Operands: x and dy. A matrix that has no inverse is an input error.
public struct DetGradient: RowKernelOp {
  public static var domain: String { NHWC.domain }
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.tensor(0))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let (n, matrices) = (sizes[sizes.count - 1], sizes.dropLast(2).reduce(1, *))
    return Kernel(tasks: matrices, scratch: 2 * n * n * MemoryLayout<T>.stride) { frame, range in
      let a = frame.scratch.assumingMemoryBound(to: T.self)
      let inverse = a + n * n
      for matrix in range where matrices > 0 {
        a.update(from: frame.operand(0, as: T.self) + matrix * n * n, count: n * n)
        guard let determinant = invert(a, inverse, n) else { return frame.fail(.notInvertible) }
        let factor = determinant * frame.operand(1, as: T.self)[matrix]
        let y = frame.result(0, as: T.self) + matrix * n * n
        for i in 0..<n {
          for j in 0..<n { y[i * n + j] = inverse[j * n + i] * factor }
        }
      }
    }
  }
}

/// Gauss–Jordan elimination with row exchange; the determinant, or nil if it is 0. `a` is overwritten.
private func invert<T: RowElement>(_ a: UnsafeMutablePointer<T>, _ b: UnsafeMutablePointer<T>, _ n: Int) -> T? {
  var determinant: T = 1
  for i in 0..<n * n { b[i] = i % (n + 1) == 0 ? 1 : 0 }
  for column in 0..<n {
    var pivot = column
    for row in column..<n where abs(a[row * n + column]) > abs(a[pivot * n + column]) { pivot = row }
    let value = a[pivot * n + column]
    guard value != 0 else { return nil }
    if pivot != column {
      for j in 0..<n {
        (a[pivot * n + j], a[column * n + j]) = (a[column * n + j], a[pivot * n + j])
        (b[pivot * n + j], b[column * n + j]) = (b[column * n + j], b[pivot * n + j])
      }
      determinant = -determinant
    }
    determinant *= value
    for j in 0..<n {
      a[column * n + j] /= value
      b[column * n + j] /= value
    }
    for row in 0..<n where row != column {
      let factor = a[row * n + column]
      for j in 0..<n {
        a[row * n + j] -= factor * a[column * n + j]
        b[row * n + j] -= factor * b[column * n + j]
      }
    }
  }
  return determinant
}
