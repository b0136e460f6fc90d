internal import CKernels

extension InstructionSet {
  /// y = exp(x − shift), where `y` is given; returns Σ y.
  @inline(__always)
  public func exp(_ x: UnsafePointer<Float>, count: Int, shift: Float, into y: UnsafeMutablePointer<Float>? = nil)
    -> Float
  {
    var sum: Float = 0
    table.pointee.exp_row_f32(x, y, count, shift, &sum)
    return sum
  }
  /// Softmax, or its logarithm, of `count` neighbouring elements. `y` may be `x`.
  @inline(__always)
  public func softmax(_ x: UnsafePointer<Float>, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Float>) {
    table.pointee.softmax_row_f32(x, y, count, logarithm ? 1 : 0)
  }
  /// Softmax, or its logarithm, of each of `rows` rows of `count` neighbouring elements. `y` may be `x`.
  @inline(__always)
  public func softmaxRows(
    _ x: UnsafePointer<Float>, rows: Int, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Float>
  ) {
    if count <= 16 { return table.pointee.softmax_rows_f32(x, y, rows, count, logarithm ? 1 : 0) }
    for row in 0..<rows { softmax(x + row * count, count: count, logarithm: logarithm, into: y + row * count) }
  }
  /// Softmax, or its logarithm, over `rows` elements `stride` apart, of `count` neighbouring columns. `y` may be `x`.
  @inline(__always)
  public func softmaxColumns(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Float>
  ) {
    table.pointee.softmax_columns_f32(x, y, stride, rows, count, logarithm ? 1 : 0)
  }
}
