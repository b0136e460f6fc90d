import HoneIR

/// Reads and writes numbers of any usual type as `Double`.
struct DoubleAccess: Sendable {
  let element: ElementType

  init(_ element: ElementType) throws(GraphError) {
    switch element {
    case .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool:
      self.element = element
    default: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }

  /// `count` elements of `source`, from `start` in steps of `step`.
  func load(
    _ source: UnsafeRawPointer, from start: Int, step: Int = 1, count: Int, into target: UnsafeMutablePointer<Double>
  ) {
    switch element {
    case .float32: take(source, Float.self, start, step, count) { target[$0] = Double($1) }
    case .float64: take(source, Double.self, start, step, count) { target[$0] = $1 }
    case .float16: take(source, Float16.self, start, step, count) { target[$0] = Double($1) }
    case .bfloat16: take(source, BFloat16.self, start, step, count) { target[$0] = Double($1.float) }
    case .int8: take(source, Int8.self, start, step, count) { target[$0] = Double($1) }
    case .int16: take(source, Int16.self, start, step, count) { target[$0] = Double($1) }
    case .int32: take(source, Int32.self, start, step, count) { target[$0] = Double($1) }
    case .int64: take(source, Int64.self, start, step, count) { target[$0] = Double($1) }
    case .uint16: take(source, UInt16.self, start, step, count) { target[$0] = Double($1) }
    case .uint32: take(source, UInt32.self, start, step, count) { target[$0] = Double($1) }
    case .uint64: take(source, UInt64.self, start, step, count) { target[$0] = Double($1) }
    default: take(source, UInt8.self, start, step, count) { target[$0] = Double($1) }
    }
  }

  /// Writes `count` numbers to `target`, from `start` in steps of `step`. Integers take the whole part within their range.
  func store(
    _ source: UnsafePointer<Double>, count: Int, into target: UnsafeMutableRawPointer, from start: Int = 0,
    step: Int = 1
  ) {
    switch element {
    case .float32: put(target, start, step, count) { Float(source[$0]) }
    case .float64: put(target, start, step, count) { source[$0] }
    case .float16: put(target, start, step, count) { Float16(source[$0]) }
    case .bfloat16: put(target, start, step, count) { BFloat16(Float(source[$0])) }
    case .int8: put(target, start, step, count) { whole(source[$0], as: Int8.self) }
    case .int16: put(target, start, step, count) { whole(source[$0], as: Int16.self) }
    case .int32: put(target, start, step, count) { whole(source[$0], as: Int32.self) }
    case .int64: put(target, start, step, count) { whole(source[$0], as: Int64.self) }
    case .uint16: put(target, start, step, count) { whole(source[$0], as: UInt16.self) }
    case .uint32: put(target, start, step, count) { whole(source[$0], as: UInt32.self) }
    case .uint64: put(target, start, step, count) { whole(source[$0], as: UInt64.self) }
    case .bool: put(target, start, step, count) { source[$0] != 0 }
    default: put(target, start, step, count) { whole(source[$0], as: UInt8.self) }
    }
  }

  /// A tensor of `values`.
  func tensor(_ values: [Double], shape: [Int]) -> Tensor {
    Tensor(uninitialized: TensorType(element, shape)) { bytes in
      values.withUnsafeBufferPointer {
        if let base = $0.baseAddress { store(base, count: $0.count, into: bytes.baseAddress!) }
      }
    }
  }

  @inline(__always)
  private func take<T: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _: T.Type, _ start: Int, _ step: Int, _ count: Int, _ body: (Int, T) -> Void
  ) {
    let elements = source.assumingMemoryBound(to: T.self)
    for i in 0..<count { body(i, elements[start + i * step]) }
  }

  @inline(__always)
  private func put<T: BitwiseCopyable>(
    _ target: UnsafeMutableRawPointer, _ start: Int, _ step: Int, _ count: Int, _ value: (Int) -> T
  ) {
    let elements = target.assumingMemoryBound(to: T.self)
    for i in 0..<count { elements[start + i * step] = value(i) }
  }

  @inline(__always)
  private func whole<T: FixedWidthInteger>(_ value: Double, as _: T.Type) -> T {
    if value.isNaN { return 0 }
    return T(exactly: value.rounded(.towardZero)) ?? (value < 0 ? T.min : T.max)
  }
}
