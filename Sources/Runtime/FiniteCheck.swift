public import HoneIR

/// Looks for numbers that are not finite.
enum FiniteCheck {
  /// Whether all elements are finite; true for types that hold no such numbers.
  static func isFinite(_ type: TensorType, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let count = type.elementCount!
    return switch type.element {
    case .float32: all(count, bytes, UInt32.self, exponent: 0x7F80_0000)
    case .float64: all(count, bytes, UInt64.self, exponent: 0x7FF0_0000_0000_0000)
    case .float16: all(count, bytes, UInt16.self, exponent: 0x7C00)
    case .bfloat16: all(count, bytes, UInt16.self, exponent: 0x7F80)
    default: true
    }
  }

  /// A number is finite if the bits of its exponent are not all set.
  private static func all<T: FixedWidthInteger>(
    _ count: Int, _ bytes: UnsafeRawBufferPointer, _: T.Type, exponent: T
  ) -> Bool {
    for i in 0..<count
    where bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.stride, as: T.self) & exponent == exponent {
      return false
    }
    return true
  }
}

extension Tensor {
  /// Whether all elements are finite; true for types that hold no such numbers.
  public var isFinite: Bool { withBytes { FiniteCheck.isFinite(type, $0) } }
}
