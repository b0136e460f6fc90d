internal import CKernels

/// How the elements of a row or column are brought together.
public enum Accumulation: Int32, Sendable {
  case sum, sumAbs, sumSquare, max, min, product
}

extension InstructionSet {
  /// y = y ∘ x₀ ∘ x₁ …
  @inline(__always)
  public func reduce(_ x: UnsafePointer<Float>, count: Int, _ kind: Accumulation, into y: inout Float) {
    table.pointee.reduce_row_f32(x, count, kind.rawValue, &y)
  }
  /// y[j] = y[j] ∘ x[j] ∘ x[stride + j] … over `rows` rows of `count` columns.
  @inline(__always)
  public func reduceColumns(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, count: Int, _ kind: Accumulation,
    into y: UnsafeMutablePointer<Float>
  ) {
    table.pointee.reduce_columns_f32(x, stride, rows, count, kind.rawValue, y)
  }
  /// Σ (x − mean)²
  @inline(__always)
  public func deviation(_ x: UnsafePointer<Float>, count: Int, mean: Float) -> Float {
    var sum: Float = 0
    table.pointee.deviation_row_f32(x, count, mean, &sum)
    return sum
  }
}
