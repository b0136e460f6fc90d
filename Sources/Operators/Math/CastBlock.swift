import HoneIR
import HoneKernels

/// Elements that are converted at a time where a type is not one that kernels compute with.
enum CastBlock {
  static let count = 256
}

/// Reads elements of any numeric type as a type that kernels compute with.
struct ElementReader: Sendable {
  let element: ElementType
  /// The type that elements are read as.
  let type: ScalarType
  /// Values of all bit patterns of a type of at most 8 bits.
  private let values: [Float]

  init(_ element: ElementType) {
    self.element = element
    type = element.scalarType ?? .float32
    let isNarrow = element.scalarType == nil && element.bitWidth > 0 && element.bitWidth <= 8
    values = isNarrow ? (0..<(1 << element.bitWidth)).map { Self.value(UInt8($0), element) } : []
  }

  private static func value(_ bits: UInt8, _ element: ElementType) -> Float {
    if let format = NarrowFloat(element) { return format.decode(UInt16(bits)) }
    switch element {
    case .float8e8m0: return bits == 255 ? .nan : Float(sign: .plus, exponent: Int(bits) - 127, significand: 1)
    case .int4: return Float(Int8(bitPattern: bits << 4) >> 4)
    case .int2: return Float(Int8(bitPattern: bits << 6) >> 6)
    default: return Float(bits)
    }
  }

  func read(_ source: UnsafeRawPointer, from start: Int, count: Int, into target: UnsafeMutableRawPointer) {
    guard element.scalarType == nil else {
      target.copyMemory(from: source + start * type.byteWidth, byteCount: count * type.byteWidth)
      return
    }
    let target = target.assumingMemoryBound(to: Float.self)
    let width = element.bitWidth
    let (perByte, mask) = (8 / width, UInt8(truncatingIfNeeded: (1 << width) - 1))
    for i in 0..<count {
      let position = start + i
      let byte = source.load(fromByteOffset: position / perByte, as: UInt8.self)
      target[i] = values[Int(byte >> UInt8(position % perByte * width) & mask)]
    }
  }
}

/// Writes elements of any numeric type from a type that kernels compute with.
struct ElementWriter: Sendable {
  let element: ElementType
  let saturate: Bool
  let rounding: Cast.Rounding
  private let format: NarrowFloat?

  init(_ element: ElementType, saturate: Bool, rounding: Cast.Rounding) {
    (self.element, self.saturate, self.rounding) = (element, saturate, rounding)
    format = NarrowFloat(element)
  }

  /// Writes `count` elements of `source`, of type `type`, by way of `middle`; `start` is a multiple of 8.
  func write(
    _ source: UnsafeRawPointer, _ type: ScalarType, count: Int, _ middle: UnsafeMutableRawPointer,
    into target: UnsafeMutableRawPointer, from start: Int
  ) {
    let machine = InstructionSet.current
    if let scalar = element.scalarType {
      machine.convert(source, type, to: target + start * scalar.byteWidth, scalar, count: count)
      return
    }
    let target = target.assumingMemoryBound(to: UInt8.self)
    if element.isInteger {
      // Of floating-point numbers the integer part's low bits, of integers the low bits.
      if type.isFloatingPoint {
        machine.convert(source, type, to: middle, .int32, count: count)
        machine.convert(middle, .int32, to: middle, .int8, count: count)
      } else {
        machine.convert(source, type, to: middle, .int8, count: count)
      }
      let bits = middle.assumingMemoryBound(to: UInt8.self)
      pack(into: target, from: start, count: count) { bits[$0] }
      return
    }
    machine.convert(source, type, to: middle, .float32, count: count)
    let values = middle.assumingMemoryBound(to: Float.self)
    pack(into: target, from: start, count: count) { encode(values[$0]) }
  }

  private func pack(into target: UnsafeMutablePointer<UInt8>, from start: Int, count: Int, _ bits: (Int) -> UInt8) {
    let width = element.bitWidth
    guard width < 8 else {
      for i in 0..<count { target[start + i] = bits(i) }
      return
    }
    let (perByte, mask) = (8 / width, UInt8(1 << width) - 1)
    for first in stride(from: 0, to: count, by: perByte) {
      var byte: UInt8 = 0
      for i in first..<min(first + perByte, count) { byte |= (bits(i) & mask) << UInt8((i - first) * width) }
      target[(start + first) / perByte] = byte
    }
  }

  private func encode(_ value: Float) -> UInt8 {
    guard let format else { return powerOfTwo(value) }
    // What has no NaN gets −0 for it, as NumPy's extension types do.
    if element == .float4e2m1, value.isNaN { return 0b1000 }
    return UInt8(truncatingIfNeeded: format.encode(value, saturate: saturate || element == .float4e2m1))
  }

  /// float8e8m0: the exponent, which the mantissa rounds up or not.
  private func powerOfTwo(_ value: Float) -> UInt8 {
    let bits = value.bitPattern
    let (exponent, mantissa) = (bits >> 23 & 0xFF, bits & 0x7F_FFFF)
    if value.isNaN { return 255 }
    if value.isInfinite { return saturate ? 254 : 255 }
    if value == 0, !saturate { return 255 }
    let roundsUp =
      switch rounding {
      case .up: mantissa > 0
      case .down: false
      case .nearest: mantissa > 0x40_0000 || (mantissa == 0x40_0000 && exponent > 0)
      }
    let rounded = exponent + (roundsUp ? 1 : 0)
    return UInt8(rounded == 255 && saturate ? 254 : rounded)
  }
}
