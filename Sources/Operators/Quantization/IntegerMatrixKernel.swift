import HoneIR
import HoneKernels

/// Where an integer matrix product finds its operands.
struct IntegerMatrixOperands: Sendable {
  var a: Int
  var aZero: Int?
  var b: Int
  var bZero: Int?
}

extension ByteType {
  init(_ element: ElementType) throws(GraphError) {
    switch element {
    case .int8: self = .int8
    case .uint8: self = .uint8
    default: throw .unsupported(element)
    }
  }
}

extension Frame {
  /// Element `i` of an operand of 8-bit integers.
  @inline(__always) borrowing func byte(_ operand: Int, _ type: ByteType, _ i: Int) -> Int32 {
    type == .int8 ? Int32(self.operand(operand, as: Int8.self)[i]) : Int32(self.operand(operand, as: UInt8.self)[i])
  }
}

/// A product with a constant matrix packed once, if `call` has one and its zero points suit.
func packedIntegerProduct(
  _ call: Call, _ operands: IntegerMatrixOperands
) throws(GraphError) -> (b: PackedIntegerMatrix, sizes: IntegerMatrixSizes)? {
  let (a, b) = (try call.sizes(operands.a), try call.sizes(operands.b))
  guard b.count == 2, !a.contains(0), !b.contains(0), let constant = call.known(operands.b) else { return nil }
  if let zero = operands.aZero, try call.sizes(zero).reduce(1, *) != 1 { return nil }
  var zeros: [Int32]?
  if let operand = operands.bZero {
    guard let known = call.known(operand), known.elementCount == 1 || known.elementCount == b[1] else { return nil }
    zeros = known.integers.map(Int32.init)
  }
  let type = try ByteType(constant.element)
  let layout = "integer matrix, zero points \(zeros ?? [])"
  let packed = try call.weights.packed(constant, layout: layout) { tensor throws(GraphError) in
    tensor.withBytes { PackedIntegerMatrix($0.baseAddress!, k: b[0], n: b[1], type: type, zeros: zeros) }
  }
  return (packed, IntegerMatrixSizes(a, b))
}

/// Integer products row by row: `finish` receives matrix, row and the exact sums of that row.
func plainIntegerProduct(
  _ call: Call, _ operands: IntegerMatrixOperands, scratch: Int = 0,
  _ finish: @escaping @Sendable (borrowing Frame, Int, Int, UnsafeMutablePointer<Int32>) -> Void
) throws(GraphError) -> Kernel {
  switch (try ByteType(try call.element(operands.a)), try ByteType(try call.element(operands.b))) {
  case (.uint8, .uint8): return try plainIntegerProduct(call, operands, UInt8.self, UInt8.self, finish)
  case (.uint8, .int8): return try plainIntegerProduct(call, operands, UInt8.self, Int8.self, finish)
  case (.int8, .uint8): return try plainIntegerProduct(call, operands, Int8.self, UInt8.self, finish)
  case (.int8, .int8): return try plainIntegerProduct(call, operands, Int8.self, Int8.self, finish)
  }
}

private func plainIntegerProduct<A: FixedWidthInteger & SendableMetatype, B: FixedWidthInteger & SendableMetatype>(
  _ call: Call, _ operands: IntegerMatrixOperands, _: A.Type, _: B.Type,
  _ finish: @escaping @Sendable (borrowing Frame, Int, Int, UnsafeMutablePointer<Int32>) -> Void
) throws(GraphError) -> Kernel {
  let (aSizes, bSizes) = (try call.sizes(operands.a), try call.sizes(operands.b))
  let sizes = IntegerMatrixSizes(aSizes, bSizes)
  let (aCount, bCount) = (aSizes.dropLast(2).reduce(1, *), bSizes.dropLast(2).reduce(1, *))
  func index(_ operand: Int?, _ size: Int, _ matrices: Int, _ what: String) throws(GraphError) -> ParameterIndex {
    let count = try operand.map { operand throws(GraphError) in try call.sizes(operand).reduce(1, *) } ?? 1
    return try ParameterIndex(count: count, size: size, matrices: matrices, what)
  }
  let aIndex = try index(operands.aZero, sizes.m, aCount, "rows")
  let bIndex = try index(operands.bZero, sizes.n, bCount, "columns")
  let (m, n, k) = (sizes.m, sizes.n, sizes.k)
  return Kernel(tasks: sizes.count * m, scratch: 2 * n * MemoryLayout<Int32>.stride) { frame, range in
    let sums = frame.scratch.assumingMemoryBound(to: Int32.self)
    let bZeros = sums + n
    var current = -1
    for task in range {
      let (matrix, row) = task.quotientAndRemainder(dividingBy: m)
      let (i, j) = (sizes.a[matrix], sizes.b[matrix])
      if matrix != current {
        for column in 0..<n {
          bZeros[column] = operands.bZero.map { Int32(frame.operand($0, as: B.self)[bIndex(j, column)]) } ?? 0
        }
        current = matrix
      }
      let aZero = operands.aZero.map { Int32(frame.operand($0, as: A.self)[aIndex(i, row)]) } ?? 0
      multiplyRow(
        frame.operand(operands.a, as: A.self) + (i * m + row) * k, aZero,
        frame.operand(operands.b, as: B.self) + j * k * n,
        bZeros, k, n, into: sums)
      finish(frame, matrix, row, sums)
    }
  }
}
