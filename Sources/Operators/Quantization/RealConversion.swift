import HoneIR

/// Reads elements of any real type as `Float`.
struct RealReader: Sendable {
  let element: ElementType
  /// Values of all bit patterns of a type of at most 8 bits that is no plain integer.
  private let table: [Float]

  init(_ element: ElementType) throws(GraphError) {
    self.element = element
    switch element {
    case .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool:
      table = []
    case .string, .complex64, .complex128: throw .unsupported(element)
    default:
      let patterns = Tensor(TensorType(element, [element.bitWidth == 8 ? 256 : 1 << element.bitWidth])) { bytes in
        let perByte = 8 / element.bitWidth
        for i in 0..<1 << element.bitWidth { bytes[i / perByte] |= UInt8(i << (i % perByte * element.bitWidth)) }
      }
      table = patterns.doubles.map { Float($0) }
    }
  }

  /// Elements `first..<first + count` of `source`.
  func read(_ source: UnsafeRawPointer, _ first: Int, _ count: Int, into target: UnsafeMutablePointer<Float>) {
    switch element {
    case .float32: target.update(from: source.assumingMemoryBound(to: Float.self) + first, count: count)
    case .float64: widen(source, first, count, target) { (x: Double) in Float(x) }
    case .float16: widen(source, first, count, target) { (x: Float16) in Float(x) }
    case .bfloat16: widen(source, first, count, target) { (x: BFloat16) in x.float }
    case .int8: widen(source, first, count, target) { (x: Int8) in Float(x) }
    case .int16: widen(source, first, count, target) { (x: Int16) in Float(x) }
    case .int32: widen(source, first, count, target) { (x: Int32) in Float(x) }
    case .int64: widen(source, first, count, target) { (x: Int64) in Float(x) }
    case .uint8, .bool: widen(source, first, count, target) { (x: UInt8) in Float(x) }
    case .uint16: widen(source, first, count, target) { (x: UInt16) in Float(x) }
    case .uint32: widen(source, first, count, target) { (x: UInt32) in Float(x) }
    case .uint64: widen(source, first, count, target) { (x: UInt64) in Float(x) }
    default: look(source.assumingMemoryBound(to: UInt8.self), first, count, target)
    }
  }

  @inline(__always)
  private func widen<T>(
    _ source: UnsafeRawPointer, _ first: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>, _ value: (T) -> Float
  ) {
    let source = source.assumingMemoryBound(to: T.self) + first
    for i in 0..<count { target[i] = value(source[i]) }
  }

  private func look(_ source: UnsafePointer<UInt8>, _ first: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>) {
    let width = element.bitWidth
    let perByte = 8 / width
    let mask = table.count - 1
    table.withUnsafeBufferPointer { table in
      for i in 0..<count {
        let shift = (first + i) % perByte * width
        target[i] = table[(Int(source[(first + i) / perByte]) >> shift) & mask]
      }
    }
  }
}

extension UnsafeMutableRawPointer {
  /// Stores `count` values as elements of a type of at least 16 bits.
  func store(_ values: UnsafePointer<Float>, as element: ElementType, _ first: Int, _ count: Int) {
    switch element {
    case .float16:
      let target = assumingMemoryBound(to: Float16.self) + first
      for i in 0..<count { target[i] = Float16(values[i]) }
    case .bfloat16:
      let target = assumingMemoryBound(to: BFloat16.self) + first
      for i in 0..<count { target[i] = BFloat16(values[i]) }
    case .float64:
      let target = assumingMemoryBound(to: Double.self) + first
      for i in 0..<count { target[i] = Double(values[i]) }
    default: (assumingMemoryBound(to: Float.self) + first).update(from: values, count: count)
    }
  }
}
