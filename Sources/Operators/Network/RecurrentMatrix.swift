import HoneIR

/// Rows of a weight matrix `[columns, depth]` that lies in an operand; the product with it is x·Wᵀ.
struct RecurrentMatrix<Element: RealElement>: Sendable {
  typealias Real = Element.Real

  /// What a product is added to.
  enum Start {
    case bias(UnsafePointer<Real>)
    case result
    case zero
  }

  let operand: Int
  /// Elements of the operand before the matrix.
  let offset: Int
  let columns: Int
  let depth: Int

  func multiply<A: RealElement>(
    _ a: UnsafePointer<A>, stride: Int, rows: Int, into c: UnsafeMutablePointer<Real>, stride cStride: Int, _ start: Start,
    _ frame: borrowing Frame
  ) where A.Real == Real {
    let w = frame.operand(operand, as: Element.self) + offset
    for row in 0..<rows {
      let (x, y) = (a + row * stride, c + row * cStride)
      for column in 0..<columns {
        let product = dot(x, w + column * depth)
        switch start {
        case .bias(let bias): y[column] = bias[column] + product
        case .result: y[column] += product
        case .zero: y[column] = product
        }
      }
    }
  }

  @inline(__always)
  private func dot<A: RealElement>(_ a: UnsafePointer<A>, _ w: UnsafePointer<Element>) -> Real where A.Real == Real {
    var sums = (Real.zero, Real.zero, Real.zero, Real.zero)
    var i = 0
    while i + 4 <= depth {
      sums.0 += a[i].real * w[i].real
      sums.1 += a[i + 1].real * w[i + 1].real
      sums.2 += a[i + 2].real * w[i + 2].real
      sums.3 += a[i + 3].real * w[i + 3].real
      i += 4
    }
    while i < depth {
      sums.0 += a[i].real * w[i].real
      i += 1
    }
    return (sums.0 + sums.1) + (sums.2 + sums.3)
  }
}

extension RecurrentOp {
  /// Gates `gates` of operand `operand`, `[directions, gates·hidden, depth]`, for each direction.
  func matrices<T: RealElement>(
    _ operand: Int, gates: Range<Int>, depth: Int, _ sizes: RecurrentSizes, _ call: Call
  ) throws(GraphError) -> [RecurrentMatrix<T>] {
    (0..<sizes.directions).map { direction in
      RecurrentMatrix(
        operand: operand, offset: (direction * sizes.width + gates.lowerBound * sizes.hidden) * depth,
        columns: gates.count * sizes.hidden, depth: depth)
    }
  }

  func kernel<Cell: RecurrentCell>(
    _ cell: Cell, _ sizes: RecurrentSizes, initial: [Int?], _ call: Call
  ) throws(GraphError) -> Kernel {
    if call.has(3), try call.sizes(3) != [sizes.directions, 2 * sizes.width] {
      throw GraphError(.type, "B must be [\(sizes.directions), \(2 * sizes.width)]: \(try call.tensor(3))")
    }
    if call.has(4), try call.tensor(4) != TensorType(.int32, [sizes.batch]) {
      throw GraphError(.type, "sequence_lens must be int32[\(sizes.batch)]: \(try call.tensor(4))")
    }
    let state =
      layout == 0
      ? [sizes.directions, sizes.batch, sizes.hidden] : [sizes.batch, sizes.directions, sizes.hidden]
    for case let i? in initial {
      let sizes = try call.sizes(i)
      guard sizes == state else { throw GraphError(.type, "operand \(i) must be \(state), is \(sizes)") }
    }
    return RecurrentKernel(
      cell: cell, sizes: sizes,
      weights: try matrices(1, gates: 0..<sizes.gates, depth: sizes.inputs, sizes, call),
      isReverse: direction == .bidirectional ? [false, true] : [direction == .reverse], hasBias: call.has(3),
      hasLengths: call.has(4), initial: initial, resultCount: call.resultCount
    ).kernel()
  }
}

/// Limits `count` values to −limit…limit.
@inline(__always)
func clip<R: BinaryFloatingPoint>(_ x: UnsafeMutablePointer<R>, _ count: Int, to limit: R?) {
  guard let limit else { return }
  for i in 0..<count { x[i] = min(max(x[i], -limit), limit) }
}
