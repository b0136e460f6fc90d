import HoneIR

/// Divides by scales, rounds, shifts and saturates.
struct QuantizedWriter: Sendable {
  /// Elements handled at once.
  static let chunk = 512

  private let element: ElementType
  private let rounding: ElementType
  private let saturates: Bool
  private let narrow: NarrowFloat?

  init(_ element: ElementType, rounding: ElementType, saturates: Bool) throws(GraphError) {
    (self.element, self.rounding, self.saturates) = (element, rounding, saturates)
    narrow = NarrowFloat(element)
    guard element.bitWidth <= 16 && element.isInteger || element.bitWidth <= 8 && narrow != nil else {
      throw .unsupported(element)
    }
  }

  /// Writes `count` ≤ `chunk` elements; `quotients` is room for as many.
  func write(
    _ x: UnsafePointer<Float>, _ scales: UnsafePointer<Float>, _ zeros: UnsafePointer<Float>, step: Int,
    _ quotients: UnsafeMutablePointer<Float>, to target: UnsafeMutableRawPointer, _ first: Int, _ count: Int
  ) {
    divide(x, scales, step, quotients, count)
    switch element {
    case .int8: round(quotients, zeros, step, target.assumingMemoryBound(to: Int8.self) + first, count)
    case .uint8: round(quotients, zeros, step, target.assumingMemoryBound(to: UInt8.self) + first, count)
    case .int16: round(quotients, zeros, step, target.assumingMemoryBound(to: Int16.self) + first, count)
    case .uint16: round(quotients, zeros, step, target.assumingMemoryBound(to: UInt16.self) + first, count)
    default: pack(quotients, zeros, step, target.assumingMemoryBound(to: UInt8.self), first, count)
    }
  }

  private func divide(
    _ x: UnsafePointer<Float>, _ scales: UnsafePointer<Float>, _ step: Int, _ quotients: UnsafeMutablePointer<Float>,
    _ count: Int
  ) {
    if step == 0 {
      let scale = scales[0]
      for i in 0..<count { quotients[i] = x[i] / scale }
    } else {
      for i in 0..<count { quotients[i] = x[i] / scales[i] }
    }
    switch rounding {
    case .float16: for i in 0..<count { quotients[i] = Float(Float16(quotients[i])) }
    case .bfloat16: for i in 0..<count { quotients[i] = BFloat16(quotients[i]).float }
    default: break
    }
  }

  @inline(__always)
  private func round<Q: FixedWidthInteger>(
    _ quotients: UnsafePointer<Float>, _ zeros: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Q>,
    _ count: Int
  ) {
    let (low, high) = (Float(Q.min), Float(Q.max))
    if step == 0 {
      let zero = zeros[0]
      for i in 0..<count { target[i] = Q(truncatingIfNeeded: saturated(quotients[i], zero, low, high)) }
    } else {
      for i in 0..<count { target[i] = Q(truncatingIfNeeded: saturated(quotients[i], zeros[i], low, high)) }
    }
  }

  private func pack(
    _ quotients: UnsafePointer<Float>, _ zeros: UnsafePointer<Float>, _ step: Int,
    _ target: UnsafeMutablePointer<UInt8>,
    _ first: Int, _ count: Int
  ) {
    let width = element.bitWidth
    let perByte = 8 / width
    let mask = UInt8((1 << width) - 1)
    let range = element.integerRange ?? 0...0
    for i in 0..<count {
      let zero = zeros[i * step]
      let bits =
        narrow.map { UInt8(truncatingIfNeeded: $0.encode(quotients[i] + zero, saturate: saturates)) }
        ?? UInt8(truncatingIfNeeded: saturated(quotients[i], zero, Float(range.lowerBound), Float(range.upperBound)))
      let index = first + i
      if perByte == 1 {
        target[index] = bits
      } else {
        target[index / perByte] |= (bits & mask) << UInt8(index % perByte * width)
      }
    }
  }
}

/// `x` rounded to the nearest integer, ties to even, plus `zero`, limited to `low`…`high` (at most 17 bits).
@inline(__always)
func saturated(_ x: Float, _ zero: Float, _ low: Float, _ high: Float) -> Int32 {
  let (bottom, top) = (low - zero, high - zero)
  let raised = x > bottom ? x : bottom
  let clamped = raised < top ? raised : top
  // Adding 1.5·2²³ leaves the rounded integer in the low bits.
  return Int32(bitPattern: (clamped + 12_582_912).bitPattern) &- 0x4B40_0000 &+ Int32(zero)
}
