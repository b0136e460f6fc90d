internal import CKernels

extension InstructionSet {
  /// y = (x − mean)·factor·scale + bias. `y` may be `x`.
  @inline(__always)
  public func normalize(
    _ x: UnsafePointer<Float>, count: Int, mean: Float, factor: Float, scale: UnsafePointer<Float>?,
    bias: UnsafePointer<Float>?,
    into y: UnsafeMutablePointer<Float>
  ) {
    var row = NormalizeRowF32(x: x, y: y, n: count, mean: mean, factor: factor, scale: scale, bias: bias)
    table.pointee.normalize_row_f32(&row)
  }
  /// y = a·x + b. `y` may be `x`.
  @inline(__always)
  public func affine(_ x: UnsafePointer<Float>, count: Int, a: Float, b: Float, into y: UnsafeMutablePointer<Float>) {
    table.pointee.affine_row_f32(x, y, count, a, b)
  }
  /// y[i] = a[i]·x[i] + b[i]. `y` may be `x`.
  @inline(__always)
  public func affine(
    _ x: UnsafePointer<Float>, count: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    table.pointee.affine_vector_f32(x, y, count, a, b)
  }
}

/// y[c][i] = x[c][i] · (bias + factor · Σ x[j][i]²)^−beta, the sum over channels c − before … c + after.
public struct LocalResponse: Sendable {
  public var channels, before, after: Int
  public var bias, factor, beta: Float
  public init(channels: Int, before: Int, after: Int, bias: Float, factor: Float, beta: Float) {
    (self.channels, self.before, self.after) = (channels, before, after)
    (self.bias, self.factor, self.beta) = (bias, factor, beta)
  }
}

extension InstructionSet {
  /// Local response normalization of `count` neighbouring positions; channels are `stride` apart.
  public func normalize(
    _ x: UnsafePointer<Float>, stride: Int, count: Int, _ response: LocalResponse, into y: UnsafeMutablePointer<Float>
  ) {
    var row = LocalResponseF32(
      x: x, y: y, stride: stride, channels: response.channels, n: count, before: response.before, after: response.after,
      bias: response.bias, factor: response.factor, beta: response.beta)
    table.pointee.local_response_f32(&row)
  }
}
