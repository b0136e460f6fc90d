import HoneIR

/// The shape of the (batched, broadcast) matrix product of `a` and `b`, by NumPy's rules.
func matrixProductShape(_ a: [Dimension]?, _ b: [Dimension]?) throws(GraphError) -> [Dimension]? {
  guard let a, let b else { return nil }
  guard !a.isEmpty, !b.isEmpty else { throw GraphError(.type, "a matrix product takes no scalars") }
  let (inner, rows) = (a[a.count - 1], b.count == 1 ? b[0] : b[b.count - 2])
  if let x = inner.size, let y = rows.size, x != y {
    throw GraphError(.type, "inner sizes differ: \(a.map(\.description)) · \(b.map(\.description))")
  }
  let batch = try broadcast([Array(a.dropLast(2)), Array(b.dropLast(2))]) ?? []
  return batch + (a.count > 1 ? [a[a.count - 2]] : []) + (b.count > 1 ? [b[b.count - 1]] : [])
}

/// A batch of products [m × k] · [k × n] and where their matrices begin.
struct IntegerMatrixSizes: Sendable {
  var m: Int
  var n: Int
  var k: Int
  /// Index of the matrix of A and of B for each product.
  var a: [Int]
  var b: [Int]

  init(_ a: [Int], _ b: [Int]) {
    m = a.count > 1 ? a[a.count - 2] : 1
    k = a[a.count - 1]
    n = b.count > 1 ? b[b.count - 1] : 1
    let (aBatch, bBatch) = (Array(a.dropLast(2)), Array(b.dropLast(2)))
    let rank = max(aBatch.count, bBatch.count)
    let sizes = (0..<rank).map { axis in
      let x = axis - rank + aBatch.count
      let y = axis - rank + bBatch.count
      let (p, q) = (x >= 0 ? aBatch[x] : 1, y >= 0 ? bBatch[y] : 1)
      return p == 1 ? q : p
    }
    let (aStrides, bStrides) = (broadcastStrides(of: aBatch, to: sizes), broadcastStrides(of: bBatch, to: sizes))
    let own = strides(of: sizes)
    let count = sizes.reduce(1, *)
    func indices(_ strides: [Int]) -> [Int] {
      (0..<count).map { index in sizes.indices.reduce(0) { $0 + index / own[$1] % sizes[$1] * strides[$1] } }
    }
    (self.a, self.b) = (indices(aStrides), indices(bStrides))
  }

  var count: Int { a.count }
}

/// Which of several scales or zero points belongs to row (or column) `i` of matrix `matrix`.
struct ParameterIndex: Sendable {
  private let perIndex: Bool
  private let perMatrix: Bool
  private let size: Int

  /// `count` parameters for matrices with `size` rows or columns, of which there are `matrices`.
  init(count: Int, size: Int, matrices: Int, _ what: String) throws(GraphError) {
    self.size = size
    (perIndex, perMatrix) = (count > 1, count > size)
    guard count == 1 || count == size || count == size * matrices else {
      throw GraphError(.type, "\(count) parameters do not fit the \(size) \(what)")
    }
  }

  @inline(__always) func callAsFunction(_ matrix: Int, _ i: Int) -> Int {
    perIndex ? (perMatrix ? matrix * size : 0) + i : 0
  }
}

/// Row sums of (a − aZero)·(b − bZero) into `sums`, exact modulo 2³².
@inline(__always)
func multiplyRow<A: FixedWidthInteger, B: FixedWidthInteger>(
  _ a: UnsafePointer<A>, _ aZero: Int32, _ b: UnsafePointer<B>, _ bZeros: UnsafePointer<Int32>, _ k: Int, _ n: Int,
  into sums: UnsafeMutablePointer<Int32>
) {
  sums.update(repeating: 0, count: n)
  for i in 0..<k {
    let x = Int32(truncatingIfNeeded: a[i]) &- aZero
    if x == 0 { continue }
    let row = b + i * n
    for j in 0..<n { sums[j] = sums[j] &+ x &* (Int32(truncatingIfNeeded: row[j]) &- bZeros[j]) }
  }
}
