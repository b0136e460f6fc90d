/// A floating-point format of at most 16 bits, described by its fields. Bits are held in the low end of a `UInt16`.
///
/// Formats: bfloat16; float8 of the OCP "8-bit Floating Point" specification and its FNUZ variants
/// (Noune et al., arXiv 2206.02915); E8M0 and E2M1 of OCP "Microscaling Formats (MX)".
public struct NarrowFloat: Sendable {
  public let exponentBits: Int
  public let mantissaBits: Int
  public let bias: Int
  /// The format has ±∞.
  let hasInfinity: Bool
  /// NaN is the one pattern that would be −0, and there is no −0.
  let isUnsignedZero: Bool
  /// The format has NaN.
  let hasNaN: Bool

  public static let bfloat16 = NarrowFloat(8, 7, bias: 127, infinity: true)
  public static let float16 = NarrowFloat(5, 10, bias: 15, infinity: true)
  public static let float8e4m3fn = NarrowFloat(4, 3, bias: 7)
  public static let float8e4m3fnuz = NarrowFloat(4, 3, bias: 8, unsignedZero: true)
  public static let float8e5m2 = NarrowFloat(5, 2, bias: 15, infinity: true)
  public static let float8e5m2fnuz = NarrowFloat(5, 2, bias: 16, unsignedZero: true)
  public static let float4e2m1 = NarrowFloat(2, 1, bias: 1, nan: false)

  init(
    _ exponentBits: Int, _ mantissaBits: Int, bias: Int, infinity: Bool = false, unsignedZero: Bool = false,
    nan: Bool = true
  ) {
    (self.exponentBits, self.mantissaBits, self.bias) = (exponentBits, mantissaBits, bias)
    (hasInfinity, isUnsignedZero, hasNaN) = (infinity, unsignedZero, nan)
  }

  /// The format that stores `element`; nil for other types and for `float8e8m0`, which has neither sign nor mantissa.
  public init?(_ element: ElementType) {
    switch element {
    case .bfloat16: self = .bfloat16
    case .float16: self = .float16
    case .float8e4m3fn: self = .float8e4m3fn
    case .float8e4m3fnuz: self = .float8e4m3fnuz
    case .float8e5m2: self = .float8e5m2
    case .float8e5m2fnuz: self = .float8e5m2fnuz
    case .float4e2m1: self = .float4e2m1
    default: return nil
    }
  }

  private var signBit: UInt16 { 1 << UInt16(exponentBits + mantissaBits) }
  private var exponentMask: Int { (1 << exponentBits) - 1 }

  /// The largest finite value's bits, without sign.
  private var largest: UInt16 {
    let all = signBit - 1
    if hasInfinity { return (UInt16(exponentMask) << UInt16(mantissaBits)) - 1 }
    return hasNaN && !isUnsignedZero ? all - 1 : all
  }
  private var nan: UInt16 {
    if isUnsignedZero { return signBit }
    return hasInfinity ? (signBit - 1) & ~((1 << UInt16(mantissaBits - 1)) - 1) : signBit - 1
  }
  private var infinity: UInt16 { UInt16(exponentMask) << UInt16(mantissaBits) }

  /// The value of `bits`.
  public func decode(_ bits: UInt16) -> Float {
    if isUnsignedZero && bits == signBit { return .nan }
    let magnitude = bits & (signBit - 1)
    let sign: Float = bits & signBit == 0 ? 1 : -1
    if hasInfinity && magnitude >= infinity { return magnitude == infinity ? sign * .infinity : .nan }
    if hasNaN && !hasInfinity && !isUnsignedZero && magnitude == signBit - 1 { return .nan }
    let mantissa = Int(magnitude) & ((1 << mantissaBits) - 1)
    let exponent = Int(magnitude) >> mantissaBits
    let significand = exponent == 0 ? mantissa : mantissa | (1 << mantissaBits)
    let scale = Float(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: 1)
    return sign * Float(significand) * scale
  }

  /// The bits nearest to `value`, ties to even. Beyond the largest value: that value if `saturate`, else infinity or NaN.
  public func encode(_ value: Float, saturate: Bool = true) -> UInt16 {
    if value.isNaN { return hasNaN ? nan : largest }
    let sign: UInt16 = value.sign == .minus ? signBit : 0
    let overflow: UInt16 = hasInfinity ? infinity : nan
    if value.isInfinite { return saturate || !hasNaN ? sign | largest : overflow | (isUnsignedZero ? 0 : sign) }
    let exponent = max(value == 0 ? 1 - bias : Int(value.exponent), 1 - bias)
    let unit = Double(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
    let steps = (Double(abs(value)) / unit).rounded(.toNearestOrEven)
    var magnitude = Int(steps) + ((exponent + bias - 1) << mantissaBits)
    if steps == 0 { magnitude = 0 }
    if magnitude > Int(largest) {
      return saturate || !hasNaN ? sign | largest : overflow | (isUnsignedZero ? 0 : sign)
    }
    return isUnsignedZero && magnitude == 0 ? 0 : sign | UInt16(magnitude)
  }
}

/// Brain floating point: the upper half of a `Float`.
public struct BFloat16: TensorElement, Hashable {
  public var bits: UInt16
  public init(bits: UInt16) { self.bits = bits }
  /// The nearest value, ties to even.
  public init(_ value: Float) {
    let pattern = value.bitPattern
    bits =
      value.isNaN
      ? UInt16(pattern >> 16) | 0x40 : UInt16(truncatingIfNeeded: (pattern &+ 0x7FFF &+ ((pattern >> 16) & 1)) >> 16)
  }
  public var float: Float { Float(bitPattern: UInt32(bits) << 16) }
  public static var elementType: ElementType { .bfloat16 }
}
