internal import CKernels

/// A plan for C [m × n] = A [m × k] · B [k × n] of fp32 A, whose rows become integers on the way, and packed 8-bit B.
///
/// B is worth (q − zero) · scale, with one scale for all columns or one per column. Sums of integers are exact.
public struct DynamicIntegerProduct: Sendable {
  /// What becomes of a row of A.
  public enum Rows: Sendable, Hashable {
    /// u8 that cover its range and 0, as `DynamicQuantizeLinear` has them.
    case bytes
    /// Steps of 1/127 of its greatest magnitude, and what is left in steps of 1/254 of those. Twice the work, but no more
    /// of B to read.
    case bytePairs
  }

  /// What the product is added to.
  public enum Start {
    case zero
    /// One value per column.
    case bias(UnsafePointer<Float>)
    /// What C holds.
    case result
  }

  public let m: Int
  public let n: Int
  public let k: Int
  public let rows: Rows
  public let aStride: Int
  public let cStride: Int
  public let scalePerColumn: Bool
  public let instructionSet: InstructionSet

  /// Strides count elements between rows and default to dense.
  public init(
    m: Int, n: Int, k: Int, rows: Rows, aStride: Int? = nil, cStride: Int? = nil, scalePerColumn: Bool,
    instructionSet: InstructionSet = .current
  ) {
    (self.m, self.n, self.k, self.rows, self.scalePerColumn) = (m, n, k, rows, scalePerColumn)
    (self.aStride, self.cStride, self.instructionSet) = (aStride ?? k, cStride ?? n, instructionSet)
  }

  private var byteRows: Int { rows == .bytes ? m : 2 * m }
  private static let middle: Int32 = 128
  /// Where bytes, row scales, zero points or what is left of a row, and sums of pairs begin, and the end.
  private var places: (scales: Int, zeros: Int, sums: Int, end: Int) {
    let scales = roundedUp(byteRows * k, to: 64)
    let zeros = scales + roundedUp(byteRows * 4, to: 64)
    let sums = zeros + roundedUp((rows == .bytes ? m : k) * 4, to: 64)
    return (scales, zeros, sums, sums + (rows == .bytes ? 0 : roundedUp(byteRows * n * 4, to: 64)))
  }

  /// Bytes of scratch, aligned to 64.
  public var scratchByteCount: Int { places.end }

  /// Computes all of C on this thread.
  public func run(
    a: UnsafePointer<Float>, b: PackedIntegerMatrix, scales: UnsafePointer<Float>, start: Start = .zero,
    c: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    switch rows {
    case .bytes: runBytes(a, b, scales, start, c, scratch)
    case .bytePairs: runBytePairs(a, b, scales, start, c, scratch)
    }
  }

  private func runBytes(
    _ a: UnsafePointer<Float>, _ b: PackedIntegerMatrix, _ scales: UnsafePointer<Float>, _ start: Start,
    _ c: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    let rowScales = (scratch + places.scales).assumingMemoryBound(to: Float.self)
    let zeros = (scratch + places.zeros).assumingMemoryBound(to: Int32.self)
    for row in 0..<m {
      let x = a + row * aStride
      let grid = instructionSet.dynamicGrid(x, count: k)
      (rowScales[row], zeros[row]) = (grid.scale, grid.zero)
      instructionSet.quantize(x, scratch + row * k, count: k, scale: grid.scale, zero: grid.zero, .uint8)
    }
    var operands = IntegerEpilogueOperands(scale: scales, rowScale: rowScales)
    var residual = IntegerEpilogue.Residual.none
    switch start {
    case .zero: break
    case .bias(let bias): operands.bias = bias
    case .result: (operands.residual, residual) = (UnsafeRawPointer(c), .float32)
    }
    let epilogue = IntegerEpilogue(result: .float32, scalePerColumn: scalePerColumn, residual: residual)
    let product = IntegerMatrixProduct(
      m: m, n: n, k: k, cStride: cStride, epilogue: epilogue, instructionSet: instructionSet)
    product.run(
      tasks: 0..<product.taskCount, a: scratch, aZero: .perRow(zeros), b: b, c: c, operands: operands)
  }

  /// Coarse rows are the first m, fine rows the others.
  private func runBytePairs(
    _ a: UnsafePointer<Float>, _ b: PackedIntegerMatrix, _ scales: UnsafePointer<Float>, _ start: Start,
    _ c: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    let rowScales = (scratch + places.scales).assumingMemoryBound(to: Float.self)
    let rest = (scratch + places.zeros).assumingMemoryBound(to: Float.self)
    let sums = (scratch + places.sums).assumingMemoryBound(to: Float.self)
    for row in 0..<m { split(a + row * aStride, row, rowScales, rest: rest, into: scratch) }
    let product = IntegerMatrixProduct(
      m: 2 * m, n: n, k: k, epilogue: IntegerEpilogue(result: .float32, scalePerColumn: scalePerColumn),
      instructionSet: instructionSet)
    product.run(
      tasks: 0..<product.taskCount, a: scratch, aZero: .all(Self.middle), b: b, c: sums,
      operands: IntegerEpilogueOperands(scale: scales, rowScale: rowScales))
    for row in 0..<m {
      let (coarse, fine, y) = (sums + row * n, sums + (m + row) * n, c + row * cStride)
      switch start {
      case .zero: add(coarse, fine, to: y)
      case .bias(let bias):
        add(coarse, fine, to: coarse)
        add(bias, coarse, to: y)
      case .result:
        add(coarse, fine, to: coarse)
        add(y, coarse, to: y)
      }
    }
  }

  private func split(
    _ x: UnsafePointer<Float>, _ row: Int, _ scales: UnsafeMutablePointer<Float>, rest: UnsafeMutablePointer<Float>,
    into bytes: UnsafeMutableRawPointer
  ) {
    let range = instructionSet.extremes(x, count: k, (0, 0))
    let most = max(-range.low, range.high)
    let scale = most >= Self.leastMagnitude ? most / 127 : 1
    (scales[row], scales[m + row]) = (scale, scale / 254)
    let (coarse, fine) = (bytes + row * k, bytes + (m + row) * k)
    instructionSet.quantize(x, coarse, count: k, scale: scale, zero: Self.middle, .uint8)
    instructionSet.dequantize(coarse, rest, count: k, scale: scale, zero: Self.middle, .uint8)
    combine(.sub, x, rest, to: rest, k)
    instructionSet.quantize(rest, fine, count: k, scale: scale / 254, zero: Self.middle, .uint8)
  }

  /// Smaller rows are 0: their steps would lose digits.
  private static let leastMagnitude: Float = 1e-30

  private func add(_ x: UnsafePointer<Float>, _ z: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    combine(.add, x, z, to: y, n)
  }

  private func combine(
    _ function: BinaryFunction, _ x: UnsafePointer<Float>, _ z: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
    _ count: Int
  ) {
    var fault: Int32 = 0
    var row = RowLoop()
    (row.rows, row.n) = (1, count)
    instructionSet.table.pointee.binary(
      function.rawValue, ScalarType.float32.rawValue, x, z, y, &row, &fault)
  }
}
