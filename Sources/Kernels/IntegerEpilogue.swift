internal import CKernels

/// The 8-bit types.
public enum ByteType: Sendable, Hashable {
  case uint8
  case int8

  var isSigned: Bool { self == .int8 }
}

/// What happens to the exact int32 sums of an integer product or convolution, decided while planning.
///
/// x = (sum + bias_i32) · scale[column] · rowScale[row] + bias[column] + residual, y = activation(x), and quantized
/// results are saturate(round(y · outputScale) + outputZero), halves to even. With `inner`, x without the residual is in
/// steps of its scale and rounded to a value of that grid before the residual is added.
public struct IntegerEpilogue: Sendable, Hashable {
  public enum Result: Sendable, Hashable {
    /// The sums themselves with `integerBias`; scales and activation do not apply.
    case int32
    case float32
    /// `scale` is the real multiplier, the reciprocal of the result's quantization scale.
    case quantized(ByteType, scale: Float, zero: Int32)
  }

  public var result: Result
  public var activation: Activation
  /// `EpilogueOperands.scale` holds one value per column instead of one.
  public var scalePerColumn: Bool
  public var residual: Residual
  public var inner: ByteGrid?

  /// The type of a residual operand; a quantized one is worth (q − zero) · scale.
  public enum Residual: Sendable, Hashable {
    case none
    case float32
    case quantized(ByteType, scale: Float, zero: Int32)
  }

  public init(
    result: Result, activation: Activation = .none, scalePerColumn: Bool = false, residual: Residual = .none,
    inner: ByteGrid? = nil
  ) {
    self.inner = inner
    (self.result, self.activation, self.scalePerColumn, self.residual) = (result, activation, scalePerColumn, residual)
  }

  /// Bytes of an element of the result.
  public var resultByteCount: Int {
    if case .quantized = result { 1 } else { 4 }
  }

  var resultCode: Int32 {
    switch result {
    case .int32: Int32(gemm_result_i32.rawValue)
    case .float32: Int32(gemm_result_f32.rawValue)
    case .quantized(let type, _, _): type.resultCode
    }
  }
}

extension ByteType {
  var resultCode: Int32 { Int32((isSigned ? gemm_result_s8 : gemm_result_u8).rawValue) }
}

/// The operands of an integer epilogue; absent ones change nothing.
public struct IntegerEpilogueOperands {
  /// One value, or one per column.
  public var scale: UnsafePointer<Float>?
  /// One value per row.
  public var rowScale: UnsafePointer<Float>?
  /// One value per column, added to the sum.
  public var integerBias: UnsafePointer<Int32>?
  /// One value per column, added after scaling.
  public var bias: UnsafePointer<Float>?
  public var residual: UnsafeRawPointer?
  /// Elements between rows of the residual; nil means as in the result.
  public var residualStride: Int?

  public init(
    scale: UnsafePointer<Float>? = nil, rowScale: UnsafePointer<Float>? = nil,
    integerBias: UnsafePointer<Int32>? = nil, bias: UnsafePointer<Float>? = nil, residual: UnsafeRawPointer? = nil,
    residualStride: Int? = nil
  ) {
    (self.scale, self.rowScale, self.integerBias, self.bias) = (scale, rowScale, integerBias, bias)
    (self.residual, self.residualStride) = (residual, residualStride)
  }

  /// For the part of the result that begins at `row` and `column`.
  func epilogue(_ plan: IntegerEpilogue, row: Int, column: Int, stride: Int) -> EpilogueI8 {
    let (activation, p0, p1) = plan.activation.code
    let residualStride = residualStride ?? stride
    var e = EpilogueI8(
      scale: scale.map { $0 + (plan.scalePerColumn ? column : 0) }, row_scale: rowScale.map { $0 + row },
      bias_i32: integerBias.map { $0 + column }, bias: bias.map { $0 + column }, residual: nil,
      residual_stride: residualStride, residual_scale: 1, residual_zero: 0, residual_type: 0,
      scale_step: plan.scalePerColumn ? 1 : 0, output_scale: 1, output_zero: 0, activation: activation, p0: p0, p1: p1,
      inner_scale: plan.inner?.scale ?? 0, inner_low: plan.inner?.limits.lowerBound ?? 0,
      inner_high: plan.inner?.limits.upperBound ?? 0)
    if case .quantized(_, let scale, let zero) = plan.result { (e.output_scale, e.output_zero) = (scale, zero) }
    let offset = row * residualStride + column
    switch plan.residual {
    case .none: break
    case .float32:
      (e.residual, e.residual_type) = (residual.map { $0 + 4 * offset }, Int32(gemm_result_f32.rawValue))
    case .quantized(let type, let scale, let zero):
      (e.residual, e.residual_type) = (residual.map { $0 + offset }, type.resultCode)
      (e.residual_scale, e.residual_zero) = (scale, zero)
    }
    return e
  }
}
