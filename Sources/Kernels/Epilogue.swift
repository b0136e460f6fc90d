internal import CKernels

/// A function applied to each element of a result before it is stored.
public enum Activation: Sendable, Hashable {
  case none
  case relu
  case clip(min: Float, max: Float)
  /// x < 0 ? slope · x : x
  case leakyRelu(slope: Float)
  case sigmoid
  case tanh
  /// x/2 · (1 + erf(x / √2))
  case gelu
  /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))
  case geluTanh
  /// x · sigmoid(x)
  case silu
  /// max(0, min(1, alpha · x + beta))
  case hardSigmoid(alpha: Float, beta: Float)
  /// x · hardSigmoid(x; 1/6, 1/2)
  case hardSwish

  var code: (activation: Int32, p0: Float, p1: Float) {
    func code(_ activation: ActivationCode, _ p0: Float = 0, _ p1: Float = 0) -> (Int32, Float, Float) {
      (Int32(activation.rawValue), p0, p1)
    }
    return switch self {
    case .none: code(activation_none)
    case .relu: code(activation_clip, 0, .infinity)
    case .clip(let min, let max): code(activation_clip, min, max)
    case .leakyRelu(let slope): code(activation_leaky_relu, slope)
    case .sigmoid: code(activation_sigmoid)
    case .tanh: code(activation_tanh)
    case .gelu: code(activation_gelu)
    case .geluTanh: code(activation_gelu_tanh)
    case .silu: code(activation_silu)
    case .hardSigmoid(let alpha, let beta): code(activation_hard_sigmoid, alpha, beta)
    case .hardSwish: code(activation_hard_swish)
    }
  }
}

/// What happens to the sums of an fp32 product or convolution, decided while planning:
/// y = activation(alpha · sum + bias + residual).
public struct Epilogue: Sendable, Hashable {
  public var alpha: Float
  public var activation: Activation

  public init(alpha: Float = 1, activation: Activation = .none) {
    (self.alpha, self.activation) = (alpha, activation)
  }
}

/// The operands of an epilogue; absent ones add nothing.
public struct EpilogueOperands {
  /// One value per column (output channel).
  public var bias: UnsafePointer<Float>?
  /// One value per row.
  public var rowBias: UnsafePointer<Float>?
  /// Added element by element; may be the result itself.
  public var residual: UnsafePointer<Float>?
  /// The same as bfloat16, where the result is; one of the two at most.
  public var narrowResidual: UnsafePointer<UInt16>?
  /// Elements between rows of the residual; nil means as in the result.
  public var residualStride: Int?

  public init(
    bias: UnsafePointer<Float>? = nil, rowBias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil,
    narrowResidual: UnsafePointer<UInt16>? = nil, residualStride: Int? = nil
  ) {
    (self.bias, self.rowBias, self.residual, self.residualStride) = (bias, rowBias, residual, residualStride)
    self.narrowResidual = narrowResidual
  }

  /// For the part of the result that begins at `row` and `column`.
  func epilogue(_ plan: Epilogue, row: Int, column: Int, stride: Int) -> EpilogueF32 {
    let (activation, p0, p1) = plan.activation.code
    let residualStride = residualStride ?? stride
    return EpilogueF32(
      bias: bias.map { $0 + column }, row_bias: rowBias.map { $0 + row },
      residual: residual.map { $0 + (row * residualStride + column) },
      residual_half: narrowResidual.map { $0 + (row * residualStride + column) }, residual_stride: residualStride,
      alpha: plan.alpha, p0: p0, p1: p1, activation: activation)
  }
}
