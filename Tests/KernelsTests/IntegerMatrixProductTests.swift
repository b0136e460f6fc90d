import HoneKernels
import Testing

struct IntegerMatrixProductTests {
  static let sizes: [(m: Int, n: Int, k: Int)] = [
    (1, 1, 1), (1, 64, 100), (1, 300, 37), (2, 17, 5), (3, 130, 64), (5, 31, 7), (6, 64, 48), (7, 63, 33),
    (13, 65, 3), (33, 16, 130), (50, 200, 19), (61, 48, 1000), (97, 129, 65), (4, 20, 0),
  ]

  static func value(_ byte: UInt8, _ type: ByteType) -> Int32 {
    type == .int8 ? Int32(Int8(bitPattern: byte)) : Int32(byte)
  }

  static func zeros(_ type: ByteType) -> ClosedRange<Int32> { type == .int8 ? -128...127 : 0...255 }

  static func run(_ plan: IntegerMatrixProduct, _ body: (Range<Int>) -> Void) {
    let cut = plan.taskCount / 3
    body(cut..<plan.taskCount)
    body(0..<cut)
  }

  @Test(arguments: InstructionSet.available, [ByteType.uint8, .int8])
  func `sums are exact for all types, zero points and sizes`(set: InstructionSet, aType: ByteType) {
    for bType in [ByteType.uint8, .int8] {
      for (m, n, k) in Self.sizes {
        for side in [Guarded<UInt8>.Side.before, .after] {
          var random = Random(UInt64(m * 5 + n + k))
          let a = Guarded(random.bytes(m * k), side), b = Guarded(random.bytes(k * n), side)
          let perRow = m % 2 == 1, transposed = n % 2 == 1
          let aZeros = Guarded(random.int32s(m, Self.zeros(aType)))
          let bZeros = k % 3 == 0 ? nil : random.int32s(k % 3 == 1 ? 1 : n, Self.zeros(bType))
          let c = Guarded([Int32](repeating: -1, count: m * n))
          let packed = PackedIntegerMatrix(
            b.pointer, k: k, n: n, type: bType, zeros: bZeros, transposed: transposed, instructionSet: set)
          let plan = IntegerMatrixProduct(
            m: m, n: n, k: k, aType: aType, epilogue: IntegerEpilogue(result: .int32), instructionSet: set)
          let zero: IntegerMatrixProduct.Zero = perRow ? .perRow(aZeros.pointer) : .all(aZeros.pointer[0])
          Self.run(plan) { plan.run(tasks: $0, a: a.pointer, aZero: zero, b: packed, c: c.pointer) }
          let expected = (0..<m * n).map { index -> Int32 in
            let (i, j) = (index / n, index % n)
            let aZero = aZeros.pointer[perRow ? i : 0], bZero = bZeros.map { $0[$0.count == 1 ? 0 : j] } ?? 0
            return (0..<k).reduce(Int32(0)) { sum, p in
              let bByte = b.pointer[transposed ? j * k + p : p * n + j]
              return sum &+ (Self.value(a.pointer[i * k + p], aType) - aZero) &* (Self.value(bByte, bType) - bZero)
            }
          }
          #expect(c.array == expected, "\(set) \(aType)·\(bType) \(m)×\(n)×\(k)")
        }
      }
    }
  }

  static let results: [IntegerEpilogue.Result] = [
    .float32, .quantized(.uint8, scale: 13, zero: 120), .quantized(.int8, scale: 13, zero: -3),
  ]
  static let activations: [Activation] = [
    .none, .relu, .clip(min: -3, max: 5), .silu, .sigmoid, .gelu, .tanh, .hardSwish,
  ]

  /// Bytes of one result with everything an epilogue has.
  static func finished(_ set: InstructionSet, _ result: IntegerEpilogue.Result, _ activation: Activation) -> [UInt8] {
    let (m, n, k) = (23, 77, 50)
    var random = Random(9)
    let a = Guarded(random.bytes(m * k)), b = Guarded(random.bytes(k * n))
    let scale = Guarded(random.floats(n, 1e-5...1e-4)), bias = Guarded(random.floats(n))
    let rowScale = Guarded(random.floats(m, 0.5...2)), integerBias = Guarded(random.int32s(n, -5000...5000))
    let residual = Guarded(random.bytes(m * n))
    let epilogue = IntegerEpilogue(
      result: result, activation: activation, scalePerColumn: true,
      residual: .quantized(.int8, scale: 0.02, zero: 5))
    let plan = IntegerMatrixProduct(m: m, n: n, k: k, epilogue: epilogue, instructionSet: set)
    let packed = PackedIntegerMatrix(b.pointer, k: k, n: n, instructionSet: set)
    let c = Guarded([UInt8](repeating: 0, count: m * n * epilogue.resultByteCount))
    Self.run(plan) {
      plan.run(
        tasks: $0, a: a.pointer, aZero: .all(100), b: packed, c: c.pointer,
        operands: IntegerEpilogueOperands(
          scale: scale.pointer, rowScale: rowScale.pointer, integerBias: integerBias.pointer, bias: bias.pointer,
          residual: residual.pointer))
    }
    return c.array
  }

  @Test(arguments: results, activations)
  func `finished results have the same bits on every instruction set`(
    result: IntegerEpilogue.Result, activation: Activation
  ) {
    let all = InstructionSet.available.map { Self.finished($0, result, activation) }
    for (set, bytes) in zip(InstructionSet.available, all) { #expect(bytes == all.last!, "\(set)") }
  }

  @Test(arguments: InstructionSet.available)
  func `requantization rounds halves to even and saturates`(set: InstructionSet) {
    let sums: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 255]
    let plan = IntegerMatrixProduct(
      m: sums.count, n: 1, k: 1, epilogue: IntegerEpilogue(result: .quantized(.int8, scale: 0.5, zero: 1)),
      instructionSet: set)
    let packed = PackedIntegerMatrix([Int8(1)], k: 1, n: 1, instructionSet: set)
    var c = [Int8](repeating: 0, count: sums.count)
    plan.run(tasks: 0..<plan.taskCount, a: sums, b: packed, c: &c)
    #expect(c == [1, 1, 2, 3, 3, 3, 4, 5, 127])
    plan.run(tasks: 0..<plan.taskCount, a: sums, aZero: .all(255), b: packed, c: &c)
    #expect(c[0] == -127 && c[8] == 1)
  }

  /// Bytes of a product whose sums are rounded to `inner` before a quantized residual is added.
  static func summed(
    _ set: InstructionSet, _ size: (m: Int, n: Int, k: Int), _ types: (a: ByteType, residual: ByteType, y: ByteType),
    _ inner: ByteGrid?, _ activation: Activation
  ) -> (bytes: [UInt8], expected: [Double]) {
    let (m, n, k) = size
    var random = Random(UInt64(m + n * 3 + k * 5))
    let a = Guarded(random.bytes(m * k)), b = Guarded(random.bytes(k * n)), residual = Guarded(random.bytes(m * n))
    let scale = Guarded(random.floats(n, 1e-4...1e-3)), bias = Guarded(random.int32s(n, -5000...5000))
    let (aZero, addend) = (Int32(3), ByteGrid(type: types.residual, scale: 0.3, zero: 7))
    let epilogue = IntegerEpilogue(
      result: .quantized(types.y, scale: 2, zero: 4), activation: activation, scalePerColumn: true,
      residual: .quantized(addend.type, scale: addend.scale, zero: addend.zero), inner: inner)
    let plan = IntegerMatrixProduct(m: m, n: n, k: k, aType: types.a, epilogue: epilogue, instructionSet: set)
    let packed = PackedIntegerMatrix(b.pointer, k: k, n: n, instructionSet: set)
    let c = Guarded([UInt8](repeating: 0, count: m * n))
    run(plan) {
      plan.run(
        tasks: $0, a: a.pointer, aZero: .all(aZero), b: packed, c: c.pointer,
        operands: IntegerEpilogueOperands(
          scale: scale.pointer, integerBias: bias.pointer, residual: residual.pointer))
    }
    let expected = (0..<m * n).map { index -> Double in
      let (i, j) = (index / n, index % n)
      let sum = (0..<k).reduce(bias.pointer[j]) {
        $0 + (value(a.pointer[i * k + $1], types.a) - aZero) * value(b.pointer[$1 * n + j], .int8)
      }
      var x = Float(sum) * scale.pointer[j]
      if let inner {
        let least: Float = inner.type == .int8 ? -128 : 0
        let q = min(max(x.rounded(.toNearestOrEven) + Float(inner.zero), least), least + 255)
        x = (q - Float(inner.zero)) * inner.scale
      }
      x += Float(value(residual.pointer[index], addend.type) - addend.zero) * addend.scale
      return (activation(Double(x)) * 2).rounded(.toNearestOrEven) + 4
    }
    return (c.array, expected)
  }

  @Test(arguments: [ByteType.uint8, .int8])
  func `sums are rounded before the residual is added`(type: ByteType) {
    let inner = ByteGrid(type: type, scale: 0.25, zero: 6)
    for size in [(m: 1, n: 5, k: 3), (6, 64, 64), (13, 77, 50), (33, 130, 128), (40, 24, 96), (17, 33, 200)] {
      for grid in [inner, nil] {
        for activation in [Activation.none, .clip(min: -20, max: 30), .relu] {
          let types = (a: type, residual: type, y: type == .int8 ? ByteType.uint8 : .int8)
          let all = InstructionSet.available.map { Self.summed($0, size, types, grid, activation) }
          for (set, one) in zip(InstructionSet.available, all) {
            #expect(one.bytes == all.last!.bytes, "\(set) \(size) \(activation)")
          }
          let range = types.y == .int8 ? -128.0...127 : 0...255
          for (byte, expected) in zip(all.last!.bytes, all.last!.expected) {
            let y = Double(Self.value(byte, types.y))
            #expect(abs(y - min(max(expected, range.lowerBound), range.upperBound)) <= 1)
          }
        }
      }
    }
  }
}
