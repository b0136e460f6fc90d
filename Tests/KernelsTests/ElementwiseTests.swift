import Foundation
import HoneKernels
import Testing

struct ElementwiseTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let function: UnaryFunction
    let range: ClosedRange<Float>
    let exact: @Sendable (Double) -> Double
    var testDescription: String { "\(function)" }
  }
  static let functions: [Function] = [
    Function(function: .exp, range: -80...88, exact: exp), Function(function: .log, range: 1e-30...1e30, exact: log),
    Function(function: .sin, range: -100...100, exact: sin), Function(function: .cos, range: -100...100, exact: cos),
    Function(function: .asin, range: -1...1, exact: asin), Function(function: .acos, range: -1...1, exact: acos),
    Function(function: .atan, range: -50...50, exact: atan), Function(function: .sinh, range: -20...20, exact: sinh),
    Function(function: .cosh, range: -20...20, exact: cosh), Function(function: .tanh, range: -9...9, exact: tanh),
    Function(function: .asinh, range: -1e5...1e5, exact: asinh),
    Function(function: .acosh, range: 1...1e5, exact: acosh),
    Function(function: .atanh, range: -0.999...0.999, exact: atanh),
    Function(function: .erf, range: -4...4, exact: erf),
    Function(function: .sigmoid, range: -30...30) { 1 / (1 + exp(-$0)) },
    Function(function: .softplus, range: -30...30) { log1p(exp($0)) },
    Function(function: .sqrt, range: 0...1e9, exact: sqrt),
    Function(function: .floor, range: -1e6...1e6, exact: floor),
    Function(function: .ceil, range: -1e6...1e6, exact: ceil),
    Function(function: .round, range: -1e4...1e4) { $0.rounded(.toNearestOrEven) },
  ]

  @Test(arguments: InstructionSet.available, functions)
  func `functions of floats are within a few units in the last place`(set: InstructionSet, item: Function) {
    let count = 1003
    let span = Double(item.range.upperBound) - Double(item.range.lowerBound)
    let x = Guarded((0..<count).map { Float(Double(item.range.lowerBound) + span * Double($0) / Double(count - 1)) })
    let y = Guarded([Float](repeating: 0, count: count))
    set.unary(item.function, x.pointer, y.pointer, count: count)
    for (x, y) in zip(x.array, y.array) {
      let exact = item.exact(Double(x))
      #expect(
        abs(Double(y) - exact) <= 5 * Double(max(Float(exact).ulp, .leastNormalMagnitude)),
        "\(item.function)(\(x)) = \(y)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `infinities, zeros and NaN`(set: InstructionSet) {
    func value(_ function: UnaryFunction, _ x: Float) -> Float {
      var y: Float = 0
      set.unary(function, [x], &y, count: 1)
      return y
    }
    #expect(value(.exp, .infinity) == .infinity && value(.exp, -.infinity) == 0 && value(.exp, .nan).isNaN)
    #expect(value(.log, 0) == -.infinity && value(.log, -1).isNaN && value(.log, .infinity) == .infinity)
    #expect(value(.tanh, -0.0).sign == .minus && value(.tanh, .infinity) == 1 && value(.tanh, .nan).isNaN)
    #expect(value(.sin, .infinity).isNaN && value(.relu, .nan).isNaN && value(.sigmoid, -.infinity) == 0)
    #expect(value(.atanh, 1) == .infinity && value(.asin, 1.5).isNaN && value(.acosh, 0.5).isNaN)
    #expect(value(.round, 2.5) == 2 && value(.round, -0.5).sign == .minus && value(.sin, 1e10) == Float(sin(1e10)))
  }

  /// Shapes of result and two operands.
  static let shapes: [([Int], [Int], [Int])] = [
    ([], [], []), ([7], [7], [7]), ([7], [], [7]), ([5, 9], [5, 9], [9]), ([5, 9], [5, 1], [1, 9]),
    ([2, 3, 4, 5], [2, 3, 4, 5], [1, 3, 1, 1]), ([2, 3, 4, 5], [3, 1, 5], [2, 1, 4, 1]), ([0, 3], [0, 3], [3]),
    ([0, 20000], [0, 1], [20000]),
    ([40000], [40000], [1]), ([3, 20000], [3, 1], [20000]), ([500, 70], [500, 70], [500, 1]),
  ]

  static func strides(_ sizes: [Int], _ target: [Int]) -> [Int] {
    var step = 1
    var strides = [Int](repeating: 0, count: target.count)
    for i in sizes.indices.reversed() {
      if sizes[i] != 1 { strides[target.count - sizes.count + i] = step }
      step *= sizes[i]
    }
    return strides
  }

  @Test(arguments: InstructionSet.available)
  func `operands broadcast, whatever the division into tasks`(set: InstructionSet) {
    for (target, a, b) in Self.shapes {
      let count = target.reduce(1, *)
      let x = Guarded((0..<a.reduce(1, *)).map { Int32($0 + 1) })
      let z = Guarded((0..<b.reduce(1, *)).map { Int32(3 * $0 - 5) })
      let y = Guarded([Int32](repeating: 0, count: count))
      let strides = [Self.strides(a, target), Self.strides(b, target)]
      let loop = ElementwiseLoop(sizes: target, strides: strides)
      let cut = loop.taskCount / 2
      let end = max(loop.taskCount, 1)
      #expect(set.binary(.sub, .int32, x.pointer, z.pointer, y.pointer, loop, cut..<end))
      #expect(set.binary(.sub, .int32, x.pointer, z.pointer, y.pointer, loop, 0..<cut))
      let (xs, zs) = (x.array, z.array)
      let expected = (0..<count).map { index in
        var (rest, i, j) = (index, 0, 0)
        for axis in target.indices.reversed() {
          i += rest % target[axis] * strides[0][axis]
          j += rest % target[axis] * strides[1][axis]
          rest /= target[axis]
        }
        return xs[i] - zs[j]
      }
      #expect(y.array == expected, "\(a) and \(b)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `integers divide toward zero and never trap`(set: InstructionSet) {
    let a: [Int64] = [7, -7, .min, 5, -8], b: [Int64] = [2, 2, -1, -3, 3]
    let loop = ElementwiseLoop(sizes: [5], strides: [[1], [1]])
    var y = [Int64](repeating: 0, count: 5)
    #expect(set.binary(.div, .int64, a, b, &y, loop, 0..<1))
    #expect(y == [3, -3, .min, -1, -2])
    #expect(set.binary(.modulo, .int64, a, b, &y, loop, 0..<1))
    #expect(y == [1, 1, 0, -1, 1])
    #expect(set.binary(.remainder, .int64, a, b, &y, loop, 0..<1))
    #expect(y == [1, -1, 0, 2, -2])
    #expect(!set.binary(.div, .int64, a, [Int64](repeating: 0, count: 5), &y, loop, 0..<1))
  }

  @Test(arguments: InstructionSet.available)
  func `half precision rounds to nearest, ties to even`(set: InstructionSet) {
    let values =
      (0..<4099).map { Float(sin(Double($0))) * pow(2, Float($0 % 48 - 30)) } + [.infinity, .nan, 65519, 65520, -0.0]
    let x = Guarded(values)
    let y = Guarded([Float16](repeating: 0, count: values.count))
    let z = Guarded([Float](repeating: 0, count: values.count))
    set.convert(x.pointer, .float32, to: y.pointer, .float16, count: values.count)
    #expect(y.array.map(\.bitPattern) == values.map { $0.isNaN ? y.array[4100].bitPattern : Float16($0).bitPattern })
    #expect(y.array[4100].isNaN)
    set.convert(y.pointer, .float16, to: z.pointer, .float32, count: values.count)
    #expect(zip(y.array, z.array).allSatisfy { Float($0) == $1 || $0.isNaN && $1.isNaN })
  }

  @Test(arguments: InstructionSet.available)
  func `numbers out of range become the nearest integer`(set: InstructionSet) {
    let x: [Float] = [-1.5, 300, -300, .nan, .infinity, 127.9]
    var y = [Int8](repeating: 0, count: 6)
    set.convert(x, .float32, to: &y, .int8, count: 6)
    #expect(y == [-1, 127, -128, 0, 127, 127])
    var z = [Int64](repeating: 0, count: 6)
    set.convert(x, .float32, to: &z, .int64, count: 6)
    #expect(z == [-1, 300, -300, 0, .max, 127])
    var w = [UInt8](repeating: 0, count: 6)
    set.convert(z, .int64, to: &w, .uint8, count: 6)
    #expect(w == [255, 44, 212, 0, 255, 127])
  }
}
