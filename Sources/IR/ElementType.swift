/// The type of one element of a tensor. Raw values are the names used in printed graphs and JSON.
public enum ElementType: String, Sendable, Hashable, Codable, CaseIterable {
  case float32, float64, float16, bfloat16
  case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0, float4e2m1
  case int8, int16, int32, int64, uint8, uint16, uint32, uint64
  case int4, uint4, int2, uint2
  case bool, string, complex64, complex128
}

extension ElementType {
  /// Bits that one element occupies; elements of less than 8 bits are packed, the first in the lowest bits.
  /// Strings have no fixed size.
  public var bitWidth: Int {
    switch self {
    case .complex128: 128
    case .float64, .int64, .uint64, .complex64: 64
    case .float32, .int32, .uint32: 32
    case .float16, .bfloat16, .int16, .uint16: 16
    case .int4, .uint4, .float4e2m1: 4
    case .int2, .uint2: 2
    case .string: 0
    default: 8
    }
  }

  /// Bytes that `count` packed elements occupy.
  public func byteCount(_ count: Int) -> Int { (count * bitWidth + 7) / 8 }

  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float4e2m1:
      true
    default: false
    }
  }

  public var isInteger: Bool { isSignedInteger || isUnsignedInteger }

  public var isSignedInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .int4, .int2: true
    default: false
    }
  }

  public var isUnsignedInteger: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64, .uint4, .uint2: true
    default: false
    }
  }

  public var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// The smallest and largest value of an integer type.
  public var integerRange: ClosedRange<Int>? {
    switch self {
    case .int8: -128...127
    case .int16: -32768...32767
    case .int32: Int(Int32.min)...Int(Int32.max)
    case .int64: Int.min...Int.max
    case .uint8: 0...255
    case .uint16: 0...65535
    case .uint32: 0...Int(UInt32.max)
    case .uint64: 0...Int.max
    case .int4: -8...7
    case .uint4: 0...15
    case .int2: -2...1
    case .uint2: 0...3
    default: nil
    }
  }
}

/// A Swift type that stores one element of a tensor as it is.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var elementType: ElementType { get }
}
extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Float16: TensorElement { public static var elementType: ElementType { .float16 } }
extension Int8: TensorElement { public static var elementType: ElementType { .int8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .int16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
extension UInt16: TensorElement { public static var elementType: ElementType { .uint16 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .uint32 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .uint64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }
