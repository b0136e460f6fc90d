internal import CKernels

/// Running statistics of streams of fp32 values.
public enum Statistics {
  /// Widens range[0]…range[1] to hold the finite ones of `count` values.
  public static func widen(_ range: UnsafeMutablePointer<Float>, by x: UnsafePointer<Float>, count: Int) {
    InstructionSet.current.table.pointee.range_f32(x, count, range)
  }
  /// Counts the values that lie in −limit…limit into `bins` bins of equal width. `work` holds 4 · bins zeros, before and after.
  public static func count(
    _ x: UnsafePointer<Float>, count: Int, limit: Float, bins: Int, work: UnsafeMutablePointer<UInt32>,
    into counts: UnsafeMutablePointer<Double>
  ) {
    InstructionSet.current.table.pointee.histogram_f32(x, count, limit, bins, work, counts)
  }
}
