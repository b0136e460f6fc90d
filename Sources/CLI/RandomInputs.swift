import HoneIR

/// Seeded inputs for models: values in −1…1, small non-negative integers, true and false; masks of random lengths.
struct RandomInputs {
  private var state: UInt64

  init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

  /// The next number of a SplitMix64 sequence.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// With `isMask`, each row is 1 up to a random length of at least 1, and 0 from there on.
  mutating func tensor(_ type: TensorType, isMask: Bool = false) throws(GraphError) -> Tensor {
    let count = type.elementCount!
    let sizes = type.sizes!
    if isMask, let length = sizes.last, length > 0 {
      let marks = (0..<count / length).flatMap { _ in
        let valid = 1 + Int(next() % UInt64(length))
        return (0..<length).map { $0 < valid ? 1 : 0 }
      }
      return try Self.marks(marks, type.element, sizes)
    }
    switch type.element {
    case .float32: return Tensor((0..<count).map { _ in unit() }, shape: sizes)
    case .float64: return Tensor((0..<count).map { _ in Double(unit()) }, shape: sizes)
    case .float16: return Tensor((0..<count).map { _ in Float16(unit()) }, shape: sizes)
    case .bfloat16: return Tensor((0..<count).map { _ in BFloat16(unit()) }, shape: sizes)
    case .int64: return Tensor((0..<count).map { _ in Int64(small()) }, shape: sizes)
    case .int32: return Tensor((0..<count).map { _ in Int32(small()) }, shape: sizes)
    case .uint8: return Tensor((0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }, shape: sizes)
    case .int8: return Tensor((0..<count).map { _ in Int8(truncatingIfNeeded: next()) }, shape: sizes)
    case .bool: return Tensor((0..<count).map { _ in next() & 1 == 0 }, shape: sizes)
    case .string: return Tensor(strings: (0..<count).map { _ in "text \(small())" }, shape: sizes)
    case .int16: return Tensor((0..<count).map { _ in Int16(small()) }, shape: sizes)
    case .uint16: return Tensor((0..<count).map { _ in UInt16(small()) }, shape: sizes)
    case .uint32: return Tensor((0..<count).map { _ in UInt32(small()) }, shape: sizes)
    case .uint64: return Tensor((0..<count).map { _ in UInt64(small()) }, shape: sizes)
    default: throw GraphError(.unsupported, "no random values for \(type)")
    }
  }

  private static func marks(_ marks: [Int], _ element: ElementType, _ sizes: [Int]) throws(GraphError) -> Tensor {
    switch element {
    case .float32: Tensor(marks.map(Float.init), shape: sizes)
    case .int64: Tensor(marks.map(Int64.init), shape: sizes)
    case .int32: Tensor(marks.map(Int32.init), shape: sizes)
    case .uint8: Tensor(marks.map(UInt8.init), shape: sizes)
    case .bool: Tensor(marks.map { $0 == 1 }, shape: sizes)
    default: throw GraphError(.unsupported, "no random mask of \(element.rawValue)")
    }
  }

  private mutating func unit() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }
  private mutating func small() -> Int { Int(next() % 10) }
}
