import HoneKernels
import Testing

struct ReduceTests {
  static let counts = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 130, 1000]
  static let kinds: [Accumulation] = [.sum, .sumAbs, .sumSquare, .max, .min, .product]

  static func start(_ kind: Accumulation) -> Float {
    switch kind {
    case .sum, .sumAbs, .sumSquare: 0
    case .max: -.infinity
    case .min: .infinity
    case .product: 1
    }
  }
  static func combine(_ y: Double, _ x: Float, _ kind: Accumulation) -> Double {
    switch kind {
    case .sum: y + Double(x)
    case .sumAbs: y + Double(abs(x))
    case .sumSquare: y + Double(x) * Double(x)
    case .max: Swift.max(y, Double(x))
    case .min: Swift.min(y, Double(x))
    case .product: y * Double(x)
    }
  }

  @Test(arguments: InstructionSet.available, kinds)
  func `rows match the definition`(set: InstructionSet, kind: Accumulation) {
    for n in Self.counts {
      var random = Random(UInt64(n + 1))
      let x = Guarded(random.floats(n, kind == .product ? 0.9...1.1 : -1...1))
      var y = Self.start(kind)
      set.reduce(x.pointer, count: n, kind, into: &y)
      let expected = x.array.reduce(Double(Self.start(kind))) { Self.combine($0, $1, kind) }
      #expect(Double(y) == expected || abs(Double(y) - expected) <= 1e-5 * max(1, abs(expected)), "\(set) \(kind) \(n)")
    }
  }

  @Test(arguments: InstructionSet.available, kinds)
  func `columns match the definition and stay in their operands`(set: InstructionSet, kind: Accumulation) {
    for (rows, n) in [(0, 5), (1, 1), (3, 7), (5, 16), (4, 33), (7, 64), (3, 130)] {
      var random = Random(UInt64(rows * 131 + n))
      let x = Guarded(random.floats(rows * n))
      let y = Guarded([Float](repeating: Self.start(kind), count: n))
      set.reduceColumns(x.pointer, stride: n, rows: rows, count: n, kind, into: y.pointer)
      for j in 0..<n {
        let expected = (0..<rows).reduce(Double(Self.start(kind))) { Self.combine($0, x.pointer[$1 * n + j], kind) }
        let value = Double(y.pointer[j])
        #expect(value == expected || abs(value - expected) <= 1e-5, "\(set) \(kind) \(rows)×\(n) at \(j)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `maximum and minimum keep NaN wherever it stands`(set: InstructionSet) {
    for n in [1, 5, 16, 40, 70] {
      for place in 0..<n {
        var values = [Float](repeating: 1, count: n)
        values[place] = .nan
        var (high, low) = (-Float.infinity, Float.infinity)
        set.reduce(values, count: n, .max, into: &high)
        set.reduce(values, count: n, .min, into: &low)
        #expect(high.isNaN && low.isNaN, "\(set) \(n) at \(place)")
      }
    }
  }
}
