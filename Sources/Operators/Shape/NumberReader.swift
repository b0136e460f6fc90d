import HoneIR

/// Reads and writes single elements of any numeric type of whole bytes.
enum NumberReader {
  static func reads(_ element: ElementType) -> Bool {
    switch element {
    case .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool:
      true
    default: false
    }
  }

  /// Element `i`, rounded toward zero; what does not fit an `Int` becomes the nearest that does.
  static func integer(_ p: UnsafeRawPointer, _ i: Int, _ element: ElementType) -> Int {
    switch element {
    case .int64: Int(p.load(fromByteOffset: i * 8, as: Int64.self))
    case .int32: Int(p.load(fromByteOffset: i * 4, as: Int32.self))
    case .uint64: Int(clamping: p.load(fromByteOffset: i * 8, as: UInt64.self))
    default:
      {
        let value = double(p, i, element)
        return value.isNaN ? 0 : Int(max(-9.2e18, min(9.2e18, value)))
      }()
    }
  }

  static func double(_ p: UnsafeRawPointer, _ i: Int, _ element: ElementType) -> Double {
    switch element {
    case .float32: Double(p.load(fromByteOffset: i * 4, as: Float.self))
    case .float64: p.load(fromByteOffset: i * 8, as: Double.self)
    case .float16: Double(p.load(fromByteOffset: i * 2, as: Float16.self))
    case .bfloat16: Double(p.load(fromByteOffset: i * 2, as: BFloat16.self).float)
    case .int8: Double(p.load(fromByteOffset: i, as: Int8.self))
    case .int16: Double(p.load(fromByteOffset: i * 2, as: Int16.self))
    case .int32: Double(p.load(fromByteOffset: i * 4, as: Int32.self))
    case .int64: Double(p.load(fromByteOffset: i * 8, as: Int64.self))
    case .uint8, .bool: Double(p.load(fromByteOffset: i, as: UInt8.self))
    case .uint16: Double(p.load(fromByteOffset: i * 2, as: UInt16.self))
    case .uint32: Double(p.load(fromByteOffset: i * 4, as: UInt32.self))
    case .uint64: Double(p.load(fromByteOffset: i * 8, as: UInt64.self))
    default: .nan
    }
  }

  /// Writes element `i`; integers are rounded, halves to even, and clamped.
  static func store(_ value: Double, _ p: UnsafeMutableRawPointer, _ i: Int, _ element: ElementType) {
    switch element {
    case .float32: p.storeBytes(of: Float(value), toByteOffset: i * 4, as: Float.self)
    case .float64: p.storeBytes(of: value, toByteOffset: i * 8, as: Double.self)
    case .float16: p.storeBytes(of: Float16(value), toByteOffset: i * 2, as: Float16.self)
    case .bfloat16: p.storeBytes(of: BFloat16(Float(value)), toByteOffset: i * 2, as: BFloat16.self)
    case .int8: p.storeBytes(of: clamped(value), toByteOffset: i, as: Int8.self)
    case .int16: p.storeBytes(of: clamped(value), toByteOffset: i * 2, as: Int16.self)
    case .int32: p.storeBytes(of: clamped(value), toByteOffset: i * 4, as: Int32.self)
    case .int64: p.storeBytes(of: clamped(value), toByteOffset: i * 8, as: Int64.self)
    case .uint8: p.storeBytes(of: clamped(value), toByteOffset: i, as: UInt8.self)
    case .uint16: p.storeBytes(of: clamped(value), toByteOffset: i * 2, as: UInt16.self)
    case .uint32: p.storeBytes(of: clamped(value), toByteOffset: i * 4, as: UInt32.self)
    case .uint64: p.storeBytes(of: clamped(value), toByteOffset: i * 8, as: UInt64.self)
    case .bool: p.storeBytes(of: value != 0 ? 1 : 0, toByteOffset: i, as: UInt8.self)
    default: break
    }
  }

  private static func clamped<T: FixedWidthInteger>(_ value: Double) -> T {
    if value.isNaN { return 0 }
    return T(exactly: value.rounded(.toNearestOrEven)) ?? (value < 0 ? .min : .max)
  }
}
