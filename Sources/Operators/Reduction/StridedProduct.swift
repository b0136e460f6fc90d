import HoneIR
import HoneKernels

/// C [m × n] = A [m × k] · B [k × n] for a batch of matrices that lie anywhere; strides are in elements.
struct StridedProduct: Sendable {
  struct Matrix: Sendable {
    var row, column: Int
    var transposed: Matrix { Matrix(row: column, column: row) }
  }
  var m, n, k: Int
  var a, b, c: Matrix
  var batch = MatrixProduct.Batch.one

  /// Dense row-major matrices.
  init(m: Int, n: Int, k: Int) {
    (self.m, self.n, self.k) = (m, n, k)
    a = Matrix(row: k, column: 1)
    b = Matrix(row: n, column: 1)
    c = Matrix(row: n, column: 1)
  }

  var isEmpty: Bool { m * n * batch.c.count == 0 }

  /// Cᵀ = Bᵀ · Aᵀ, reading operand 1 as A.
  private var transposed: StridedProduct {
    var copy = self
    (copy.m, copy.n) = (n, m)
    (copy.a, copy.b, copy.c) = (b.transposed, a.transposed, c.transposed)
    copy.batch = MatrixProduct.Batch(a: batch.b, b: batch.a, c: batch.c)
    return copy
  }

  /// The vectorized plan, if rows or columns of every matrix are contiguous.
  func plan(_ epilogue: Epilogue = Epilogue()) -> MatrixProduct? {
    guard c.column == 1 || n == 1 else { return nil }
    let rowsOfA = a.column == 1 || k <= 1
    let rowsOfB = b.column == 1 || n <= 1
    guard rowsOfA || a.row == 1 || m <= 1, rowsOfB || b.row == 1 || k <= 1 else { return nil }
    return MatrixProduct(
      m: m, n: n, k: k, aStride: rowsOfA ? a.row : a.column, bStride: rowsOfB ? b.row : b.column, cStride: c.row,
      transposeA: !rowsOfA, transposeB: !rowsOfB, epilogue: epilogue, batch: batch)
  }

  /// The kernel that multiplies operands 0 and 1.
  func kernel<T: Accumulable>(_: T.Type) -> Kernel {
    guard T.self == Float.self, !isEmpty else { return plainKernel(T.self) }
    if let plan = plan() { return Self.kernel(plan, a: 0, b: 1) }
    if let plan = transposed.plan() { return Self.kernel(plan, a: 1, b: 0) }
    return plainKernel(T.self)
  }

  static func kernel(_ plan: MatrixProduct, a: Int, b: Int) -> Kernel {
    Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, a: frame.operand(a, as: Float.self), b: frame.operand(b, as: Float.self),
        c: frame.result(0, as: Float.self), scratch: frame.scratch)
    }
  }

  private func plainKernel<T: Accumulable>(_: T.Type) -> Kernel {
    let matrices = batch.c.count
    return Kernel(tasks: matrices * m) { frame, range in
      let (x, y, z) = (frame.operand(0, as: T.self), frame.operand(1, as: T.self), frame.result(0, as: T.self))
      for task in range where !isEmpty {
        let (matrix, i) = (task / m, task % m)
        row(x + batch.a[matrix] + i * a.row, y + batch.b[matrix], z + batch.c[matrix] + i * c.row)
      }
    }
  }

  /// One row of C.
  func row<T: Accumulable>(_ x: UnsafePointer<T>, _ y: UnsafePointer<T>, _ z: UnsafeMutablePointer<T>) {
    guard b.column == 1, c.column == 1 else {
      for j in 0..<n {
        var sum: T = 0
        for p in 0..<k { sum = T.multiplyAdd(x[p * a.column], y[p * b.row + j * b.column], sum) }
        z[j * c.column] = sum
      }
      return
    }
    z.update(repeating: 0, count: n)
    for p in 0..<k {
      let (factor, source) = (x[p * a.column], y + p * b.row)
      for j in 0..<n { z[j] = T.multiplyAdd(factor, source[j], z[j]) }
    }
  }
}
