/// Types of elements that kernels compute with. Booleans are 0 or 1 in a byte.
public enum ScalarType: Int32, Sendable, Hashable, CaseIterable {
  case float32, float64, float16, bfloat16
  case int8, int16, int32, int64, uint8, uint16, uint32, uint64
  case bool

  public var byteWidth: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }
  public var isSigned: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64, .bool: false
    default: true
    }
  }
}

/// Functions of one element x, with up to two parameters p and q.
public enum UnaryFunction: Int32, Sendable, Hashable, CaseIterable {
  case abs, neg, sign, floor, ceil, round, sqrt, reciprocal, exp, log
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
  case erf, sigmoid, relu
  /// x < 0 ? p·x : x
  case leakyRelu
  /// x < 0 ? p·(eˣ − 1) : x
  case elu
  /// q·(x < 0 ? p·(eˣ − 1) : x)
  case selu
  /// x < 0 ? p·(e^(x/p) − 1) : x
  case celu
  /// x > p ? x : 0
  case thresholdedRelu
  /// max(0, min(1, p·x + q))
  case hardSigmoid
  case hardSwish, softplus, softsign, mish, gelu, geluTanh
  /// x·sigmoid(p·x)
  case swish
  /// x < −p ? x + q : x > p ? x − q : 0
  case shrink
  /// min(q, max(p, x))
  case clip
  /// Of booleans.
  case not
  case bitwiseNot

  /// Whether there is a kernel for elements of `type`.
  public func supports(_ type: ScalarType) -> Bool {
    switch self {
    case .not: type == .bool
    case .bitwiseNot: !type.isFloatingPoint && type != .bool
    case .abs, .neg, .sign, .relu, .clip: type != .bool
    default: type.isFloatingPoint
    }
  }
}

extension UnaryFunction {
  /// What a function's slope is computed from.
  public enum SlopeSource: Sendable {
    case operand, result
    /// Either; the result where p and q are positive.
    case any
  }

  /// What the kernel of the function's slope reads; nil if the slope is 0 or there is none.
  public var slopeSource: SlopeSource? {
    switch self {
    case .sqrt, .reciprocal, .exp, .tan, .tanh, .sigmoid, .relu, .hardSigmoid, .softplus: .result
    case .leakyRelu, .elu, .selu, .celu: .any
    case .abs, .log, .sin, .cos, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .erf, .thresholdedRelu,
      .hardSwish, .softsign, .mish, .gelu, .geluTanh, .swish, .shrink, .clip:
      .operand
    case .neg, .sign, .floor, .ceil, .round, .not, .bitwiseNot: nil
    }
  }
}

/// Functions of two elements a and b. Sums, products and powers of integers wrap.
public enum BinaryFunction: Int32, Sendable, Hashable, CaseIterable {
  case add, sub, mul, div
  /// The remainder with the sign of the divisor.
  case modulo
  /// The remainder with the sign of the dividend.
  case remainder
  case pow, max, min
  /// a < 0 ? a·b : a
  case prelu
  case and, or, xor
  /// Shifts by negative numbers or by the width of the type and more leave only copies of the sign.
  case shiftLeft, shiftRight

  /// Whether there is a kernel for elements of `type`.
  public func supports(_ type: ScalarType) -> Bool {
    switch self {
    case .and, .or, .xor: !type.isFloatingPoint
    case .shiftLeft, .shiftRight: !type.isFloatingPoint && type != .bool
    case .max, .min: true
    default: type != .bool
    }
  }
  /// Whether elements of `type` can be such that the function has no value.
  public func canFail(_ type: ScalarType) -> Bool {
    switch self {
    case .div, .modulo, .remainder: !type.isFloatingPoint
    default: false
    }
  }
}

/// Comparisons of two elements.
public enum ComparisonFunction: Int32, Sendable, Hashable, CaseIterable {
  case equal, less, lessOrEqual
}

/// Questions about one floating-point element.
public enum ClassificationFunction: Int32, Sendable, Hashable, CaseIterable {
  case nan, infinite, positiveInfinite, negativeInfinite
}
