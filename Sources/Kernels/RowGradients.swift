internal import CKernels

/// One row y = (x − mean)/√(variance + epsilon)·scale + bias, or without `isCentred` x/√(mean of squares + epsilon)·scale,
/// and where the parts of its gradient go.
public struct NormalizedRowGradient<Real> {
  public var x, dy: UnsafePointer<Real>
  public var scale: UnsafePointer<Real>?
  /// May be the memory of dy.
  public var dx: UnsafeMutablePointer<Real>?
  /// Added to.
  public var dscale, dbias: UnsafeMutablePointer<Real>?
  public var count: Int
  public var epsilon: Real
  public var isCentred: Bool

  public init(
    x: UnsafePointer<Real>, dy: UnsafePointer<Real>, scale: UnsafePointer<Real>?, dx: UnsafeMutablePointer<Real>?,
    dscale: UnsafeMutablePointer<Real>?, dbias: UnsafeMutablePointer<Real>?, count: Int, epsilon: Real, isCentred: Bool
  ) {
    (self.x, self.dy, self.scale) = (x, dy, scale)
    (self.dx, self.dscale, self.dbias) = (dx, dscale, dbias)
    (self.count, self.epsilon, self.isCentred) = (count, epsilon, isCentred)
  }
}

extension InstructionSet {
  /// The gradient of softmax, or its logarithm, from its result y, of `rows` rows of `count` neighbouring elements. `dx` may
  /// be the memory of dy.
  public func softmaxGradient(
    _ y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Float>
  ) {
    table.pointee.softmax_gradient_f32(y, dy, dx, rows, count, logarithm ? 1 : 0)
  }
  /// The same over `rows` elements `stride` apart, of `count` neighbouring columns.
  public func softmaxGradientColumns(
    _ y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, stride: Int, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Float>
  ) {
    table.pointee.softmax_gradient_columns_f32(y, dy, dx, stride, rows, count, logarithm ? 1 : 0)
  }
  /// The gradient of a normalized row, whose mean and variance are computed again.
  public func normalizeGradient(_ row: NormalizedRowGradient<Float>) {
    var arguments = NormalizeGradientF32(
      x: row.x, dy: row.dy, scale: row.scale, dx: row.dx, dscale: row.dscale, dbias: row.dbias, n: row.count,
      epsilon: row.epsilon, centred: row.isCentred ? 1 : 0)
    table.pointee.normalize_gradient_f32(&arguments)
  }
  /// Σ (x − mean)·dy
  public func dot(_ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, count: Int, mean: Float) -> Float {
    var sum: Float = 0
    table.pointee.dot_centred_f32(x, dy, count, mean, &sum)
    return sum
  }
  /// y = a·x + b·z + c. `y` may be x or z.
  public func affine(
    _ x: UnsafePointer<Float>, _ z: UnsafePointer<Float>, count: Int, a: Float, b: Float, c: Float,
    into y: UnsafeMutablePointer<Float>
  ) {
    table.pointee.affine_pair_f32(x, z, y, count, a, b, c)
  }
}
