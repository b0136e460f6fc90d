import HoneIR
import HoneKernels

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
  /// The matrix as fp32 products read it, if it is a constant of that type.
  let packed: RecurrentWeights?

  /// Bytes of memory to work in, aligned to 64, for up to `rows` rows.
  func scratchByteCount(rows: Int) -> Int { packed?.scratchByteCount(rows: rows) ?? 0 }

  func multiply<A: RealElement>(
    _ a: UnsafePointer<A>, stride: Int, rows: Int, into c: UnsafeMutablePointer<Real>, stride cStride: Int,
    _ start: Start, _ scratch: UnsafeMutableRawPointer, _ frame: borrowing Frame
  ) where A.Real == Real {
    if let packed {
      let from: RecurrentWeights.Start =
        switch start {
        case .bias(let bias): .bias(UnsafeRawPointer(bias).assumingMemoryBound(to: Float.self))
        case .result: .result
        case .zero: .zero
        }
      packed.multiply(
        UnsafeRawPointer(a).assumingMemoryBound(to: Float.self), stride: stride, rows: rows, into: c.floats,
        stride: cStride, from, scratch: scratch)
      return
    }
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
  /// Gates `gates` of operand `operand` for each direction.
  func matrices<T: RealElement>(
    _ operand: Int, gates: Range<Int>, depth: Int, _ sizes: RecurrentSizes, _ call: Call, _ form: RecurrentWeightForm
  ) throws(GraphError) -> [RecurrentMatrix<T>] {
    var result: [RecurrentMatrix<T>] = []
    for direction in 0..<sizes.directions {
      let place = RecurrentWeightPlace(
        operand: operand, direction: direction, gates: gates, depth: depth, sizes: sizes)
      let packed = T.self == Float.self ? try place.packed(form, call) : nil
      result.append(
        RecurrentMatrix(operand: operand, offset: place.offset, columns: place.columns, depth: depth, packed: packed))
    }
    return result
  }

  /// Whether weights are packed when the operator runs: they are not known before, and there are rows enough to pay for it.
  func packsWeights(_ call: Call) throws(GraphError) -> Bool {
    guard clip == nil, try call.element(0) == .float32, call.known(1) == nil || call.known(2) == nil else {
      return false
    }
    let sizes = try sizes(call)
    return sizes.steps * sizes.batch >= 4
  }

  /// Whether biases, sequence lengths and initial states fit.
  func check(_ sizes: RecurrentSizes, initial: [Int?], _ call: Call) throws(GraphError) {
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
  }

  func kernel<Cell: RecurrentCell>(
    _ cell: Cell, _ sizes: RecurrentSizes, initial: [Int?], _ call: Call, _ form: RecurrentWeightForm
  ) throws(GraphError) -> Kernel {
    try check(sizes, initial: initial, call)
    return RecurrentKernel(
      cell: cell, sizes: sizes,
      weights: try matrices(1, gates: 0..<sizes.gates, depth: sizes.inputs, sizes, call, form),
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
