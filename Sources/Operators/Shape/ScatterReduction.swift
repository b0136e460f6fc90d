import HoneIR

/// How a scattered value joins the one that is there.
public enum ScatterReduction: String, Codable, Sendable {
  case none, add, mul, max, min
}

extension ScatterReduction {
  func expectSupport(for element: ElementType) throws(GraphError) {
    guard self != .none else { return }
    switch element {
    case .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool:
      return
    default: throw GraphError(.unsupported, "reduction \(rawValue) of \(element.rawValue)")
    }
  }

  /// to[i] = to[i] ∘ from[i] for `count` elements.
  func join(_ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int, _ element: ElementType) {
    switch element {
    case .float32: joinFloats(to, from, count, Float.self)
    case .float64: joinFloats(to, from, count, Double.self)
    case .float16: joinFloats(to, from, count, Float16.self)
    case .bfloat16: joinBFloats(to, from, count)
    case .int8: joinIntegers(to, from, count, Int8.self)
    case .int16: joinIntegers(to, from, count, Int16.self)
    case .int32: joinIntegers(to, from, count, Int32.self)
    case .int64: joinIntegers(to, from, count, Int64.self)
    case .uint8: joinIntegers(to, from, count, UInt8.self)
    case .uint16: joinIntegers(to, from, count, UInt16.self)
    case .uint32: joinIntegers(to, from, count, UInt32.self)
    case .uint64: joinIntegers(to, from, count, UInt64.self)
    case .bool: (self == .add ? .max : self == .mul ? .min : self).joinIntegers(to, from, count, UInt8.self)
    default: break
    }
  }

  private func joinIntegers<T: FixedWidthInteger & BitwiseCopyable>(
    _ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int, _: T.Type
  ) {
    let (to, from) = (to.assumingMemoryBound(to: T.self), from.assumingMemoryBound(to: T.self))
    for i in 0..<count {
      let (a, b) = (to[i], from[i])
      switch self {
      case .none: to[i] = b
      case .add: to[i] = a &+ b
      case .mul: to[i] = a &* b
      case .max: to[i] = Swift.max(a, b)
      case .min: to[i] = Swift.min(a, b)
      }
    }
  }

  private func joinFloats<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int, _: T.Type
  ) {
    let (to, from) = (to.assumingMemoryBound(to: T.self), from.assumingMemoryBound(to: T.self))
    for i in 0..<count { to[i] = joined(to[i], from[i]) }
  }

  private func joinBFloats(_ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int) {
    let (to, from) = (to.assumingMemoryBound(to: BFloat16.self), from.assumingMemoryBound(to: BFloat16.self))
    for i in 0..<count { to[i] = BFloat16(joined(to[i].float, from[i].float)) }
  }

  @inline(__always)
  private func joined<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T {
    switch self {
    case .none: b
    case .add: a + b
    case .mul: a * b
    case .max: a > b || a.isNaN ? a : b
    case .min: a < b || a.isNaN ? a : b
    }
  }
}
