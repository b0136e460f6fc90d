import HoneIR
import HoneKernels

extension ElementType {
  /// The type as kernels know it; nil for types they do not compute with.
  var scalarType: ScalarType? {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .bool: .bool
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1, .int4, .uint4, .int2,
      .uint2, .string, .complex64, .complex128:
      nil
    }
  }
}

/// Up to two numbers of the type a kernel computes in, as it reads them.
struct ScalarPair: Sendable {
  private var storage: (UInt64, UInt64) = (0, 0)

  init() {}

  /// For float64 two doubles, for all other types two floats.
  init(_ first: Double, _ second: Double, for type: ScalarType) {
    if type == .float64 { set(first, second) } else { set(Float(first), Float(second)) }
  }

  mutating func set<T: BitwiseCopyable>(_ first: T, _ second: T) {
    withUnsafeMutableBytes(of: &storage) {
      $0.storeBytes(of: first, as: T.self)
      $0.storeBytes(of: second, toByteOffset: MemoryLayout<T>.stride, as: T.self)
    }
  }

  func withBytes<R>(_ body: (UnsafeRawPointer) -> R) -> R {
    withUnsafeBytes(of: storage) { body($0.baseAddress!) }
  }
}
