import HoneIR

/// Elements converted between a floating-point type and the wider one that a kernel computes in.
struct FloatConversion: Sendable {
  var narrow, wide: ElementType
  var count: Int
  /// Where in scratch memory the wide elements lie, in bytes.
  var offset: Int

  /// The type that `element` is computed in: float64 for itself, float32 for narrower ones, nil for all others.
  static func supported(_ element: ElementType) -> ElementType? {
    switch element {
    case .float32, .float16, .bfloat16: .float32
    case .float64: .float64
    default: nil
    }
  }

  func widen(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer) {
    if wide == .float64 {
      load(source, into: destination.assumingMemoryBound(to: Double.self))
    } else {
      load(source, into: destination.assumingMemoryBound(to: Float.self))
    }
  }
  private func load<T: BinaryFloatingPoint>(_ source: UnsafeRawPointer, into destination: UnsafeMutablePointer<T>) {
    switch narrow {
    case .float16:
      let x = source.assumingMemoryBound(to: Float16.self)
      for i in 0..<count { destination[i] = T(Float(x[i])) }
    case .bfloat16:
      let x = source.assumingMemoryBound(to: BFloat16.self)
      for i in 0..<count { destination[i] = T(x[i].float) }
    case .float64:
      let x = source.assumingMemoryBound(to: Double.self)
      for i in 0..<count { destination[i] = T(x[i]) }
    default:
      let x = source.assumingMemoryBound(to: Float.self)
      for i in 0..<count { destination[i] = T(x[i]) }
    }
  }

  func narrow(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer) {
    if wide == .float64 {
      store(source.assumingMemoryBound(to: Double.self), into: destination)
    } else {
      store(source.assumingMemoryBound(to: Float.self), into: destination)
    }
  }
  private func store<T: BinaryFloatingPoint>(_ source: UnsafePointer<T>, into destination: UnsafeMutableRawPointer) {
    switch narrow {
    case .float16:
      let y = destination.assumingMemoryBound(to: Float16.self)
      for i in 0..<count { y[i] = Float16(source[i]) }
    case .bfloat16:
      let y = destination.assumingMemoryBound(to: BFloat16.self)
      for i in 0..<count { y[i] = BFloat16(Float(source[i])) }
    case .float64:
      let y = destination.assumingMemoryBound(to: Double.self)
      for i in 0..<count { y[i] = Double(source[i]) }
    default:
      let y = destination.assumingMemoryBound(to: Float.self)
      for i in 0..<count { y[i] = Float(source[i]) }
    }
  }

  func widened(_ tensor: Tensor) -> Tensor {
    Tensor(uninitialized: tensor.type.with(wide)) { bytes in
      tensor.aligned().withBytes { widen($0.baseAddress!, into: bytes.baseAddress!) }
    }
  }
}
