import HoneKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct GradientTests {
  static let sloped = UnaryFunction.allCases.filter { $0.slopeSource != nil }

  private static func range(_ function: UnaryFunction) -> ClosedRange<Float> {
    switch function {
    case .asin, .acos, .atanh: -0.9...0.9
    case .acosh: 1.1...5
    case .log, .sqrt, .reciprocal: 0.2...5
    case .tan: -1.3...1.3
    default: -5...5
    }
  }

  private static func double(_ set: InstructionSet, _ function: UnaryFunction, _ x: Double) -> Double {
    var y = 0.0
    withUnsafeBytes(of: (0.75, 1.25)) {
      set.unary(function, .float64, [x], &y, count: 1, parameters: $0.baseAddress!)
    }
    return y
  }

  @Test(arguments: InstructionSet.available, sloped)
  func `slopes are what central differences say, within their operands`(set: InstructionSet, function: UnaryFunction) {
    for count in [1, 7, 16, 41] {
      var random = Random(UInt64(count))
      // Away from the kinks of functions with parameters ¾ and 1¼.
      let points = random.floats(count, Self.range(function)).map { x in
        [-3, -0.75, 0, 0.75, 1.25, 3, -5.0 / 3, -1].contains { abs(x - $0) < 1e-3 } ? x + 4e-3 : x
      }
      let slopes = points.map { x in
        let x = Double(x)
        return (Self.double(set, function, x + 1e-6) - Self.double(set, function, x - 1e-6)) / 2e-6
      }
      let results = points.map { Float(Self.double(set, function, Double($0))) }
      for fromResult in [false, true] {
        switch function.slopeSource {
        case .operand where fromResult, .result where !fromResult: continue
        default: break
        }
        let value = Guarded(fromResult ? results : points)
        let dy = Guarded(random.floats(count)), dx = Guarded([Float](repeating: .nan, count: count))
        withUnsafeBytes(of: (Float(0.75), Float(1.25))) {
          set.gradient(
            function, fromResult: fromResult, .float32, value.pointer, dy.pointer, dx.pointer, count: count,
            parameters: $0.baseAddress!)
        }
        let expected = zip(slopes, dy.array).map { $0 * Double($1) }
        #expect(distance(dx.array, expected) <= 2e-5, "\(set) \(function) \(count)")
      }
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `softmax gradients of rows and columns match the definition`(set: InstructionSet, logarithm: Bool) {
    for (rows, n) in [(1, 1), (3, 7), (2, 16), (2, 33), (5, 64)] {
      var random = Random(UInt64(rows + n))
      let x = random.floats(rows * n, -3...3)
      let y = (0..<rows).flatMap { SoftmaxTests.softmax(Array(x[$0 * n..<($0 + 1) * n]), logarithm: logarithm) }
      let dy = random.floats(rows * n)
      let expected = (0..<rows).flatMap { row in
        let range = row * n..<(row + 1) * n
        let sum = range.reduce(0.0) { $0 + (logarithm ? 1 : y[$1]) * Double(dy[$1]) }
        return range.map { logarithm ? Double(dy[$0]) - exponential(y[$0]) * sum : y[$0] * (Double(dy[$0]) - sum) }
      }
      let result = Guarded(y.map { Float($0) }), cotangent = Guarded(dy)
      let dx = Guarded([Float](repeating: .nan, count: rows * n))
      set.softmaxGradient(
        result.pointer, cotangent.pointer, rows: rows, count: n, logarithm: logarithm, into: dx.pointer)
      #expect(distance(dx.array, expected) <= 1e-6, "\(set) \(rows)×\(n)")
      let turned = { (values: [Float]) in (0..<rows * n).map { values[$0 % rows * n + $0 / rows] } }
      let columns = Guarded(turned(result.array)), cotangents = Guarded(turned(dy))
      set.softmaxGradientColumns(
        columns.pointer, cotangents.pointer, stride: rows, rows: n, count: rows, logarithm: logarithm,
        into: cotangents.pointer)
      #expect(distance(cotangents.array, (0..<rows * n).map { expected[$0 % rows * n + $0 / rows] }) <= 1e-6)
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `gradients of normalized rows match the definition`(set: InstructionSet, centred: Bool) {
    for n in [2, 7, 16, 33, 64] {
      for hasScale in [false, true] {
        var random = Random(UInt64(n))
        let x = Guarded(random.floats(n)), dy = Guarded(random.floats(n)), scale = Guarded(random.floats(n))
        let dx = Guarded([Float](repeating: .nan, count: n))
        let dscale = Guarded([Float](repeating: 1, count: n)), dbias = Guarded([Float](repeating: 2, count: n))
        set.normalizeGradient(
          NormalizedRowGradient(
            x: x.pointer, dy: dy.pointer, scale: hasScale ? UnsafePointer(scale.pointer) : nil, dx: dx.pointer,
            dscale: dscale.pointer, dbias: dbias.pointer, count: n, epsilon: 0.01, isCentred: centred))
        let values = x.array.map { Double($0) }
        let mean = centred ? values.reduce(0, +) / Double(n) : 0
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
        let factor = 1 / (variance + Double(Float(0.01))).squareRoot()
        let normal = values.map { ($0 - mean) * factor }
        let scaled = zip(dy.array, scale.array).map { Double($0) * (hasScale ? Double($1) : 1) }
        let first = centred ? scaled.reduce(0, +) / Double(n) : 0
        let second = zip(scaled, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
        let expected = zip(scaled, normal).map { factor * ($0 - first - $1 * second) }
        #expect(distance(dx.array, expected) <= 2e-5, "\(set) \(n)")
        #expect(distance(dscale.array, zip(dy.array, normal).map { 1 + Double($0) * $1 }) <= 1e-5)
        #expect(distance(dbias.array, dy.array.map { 2 + Double($0) }) <= 1e-6)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `sums of products and sums of scaled rows match the definition`(set: InstructionSet) {
    for n in [1, 7, 16, 33, 100] {
      var random = Random(UInt64(n))
      let x = Guarded(random.floats(n)), z = Guarded(random.floats(n)), y = Guarded([Float](repeating: .nan, count: n))
      let sum = zip(x.array, z.array).reduce(0) { $0 + (Double($1.0) - 0.25) * Double($1.1) }
      #expect(distance([set.dot(x.pointer, z.pointer, count: n, mean: 0.25)], [sum]) <= 1e-5)
      set.affine(x.pointer, z.pointer, count: n, a: 2, b: -0.5, c: 3, into: y.pointer)
      #expect(distance(y.array, zip(x.array, z.array).map { 2 * Double($0) - 0.5 * Double($1) + 3 }) <= 1e-6)
    }
  }
}
