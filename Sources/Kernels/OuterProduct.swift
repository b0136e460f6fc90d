internal import CKernels

/// C [m × n] = Aᵀ·B in fp32 for A [depth × m] and B [depth × n] as they lie in memory: gradients of weights.
public struct OuterProduct: Sendable, Hashable {
  public var instructionSet: InstructionSet

  public init(instructionSet: InstructionSet = .current) { self.instructionSet = instructionSet }

  /// Strides count elements between rows. Sums run over the depth in order; with `accumulates`, they are added to C.
  public func run(
    m: Int, n: Int, depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
    c: UnsafeMutablePointer<Float>, cStride: Int, accumulates: Bool
  ) {
    var arguments = OuterF32(
      a: a, a_stride: aStride, b: b, b_stride: bStride, c: c, c_stride: cStride, m: m, n: n, depth: depth,
      accumulate: accumulates ? 1 : 0)
    instructionSet.table.pointee.outer_f32(&arguments)
  }

  /// Elements from row to row of a matrix of `columns`: whole cache lines, an odd number of them, so that rows do not
  /// compete for the same places of a cache.
  public static func spreadStride(columns: Int) -> Int { (dividedUp(columns, by: 16) | 1) * 16 }
}

extension InstructionSet {
  /// y [columns × rows] = xᵀ for x [rows × columns]; strides in elements.
  public func transpose(
    _ x: UnsafePointer<Float>, stride xStride: Int, into y: UnsafeMutablePointer<Float>, stride yStride: Int, rows: Int,
    columns: Int
  ) {
    table.pointee.transpose_4(x, xStride * 4, y, yStride * 4, rows, columns)
  }
}
