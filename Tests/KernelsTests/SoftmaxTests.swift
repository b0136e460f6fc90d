import HoneKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct SoftmaxTests {
  static func softmax(_ x: [Float], logarithm: Bool) -> [Double] {
    let most = Double(x.max() ?? 0)
    let sum = x.reduce(0) { $0 + exp(Double($1) - most) }
    return x.map { logarithm ? Double($0) - most - log(sum) : exp(Double($0) - most) / sum }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `rows match the definition and stay in their operands`(set: InstructionSet, logarithm: Bool) {
    for n in [1, 2, 7, 8, 16, 17, 33, 64, 100, 1000] {
      var random = Random(UInt64(n))
      let x = Guarded(random.floats(n, -30...30))
      let y = Guarded([Float](repeating: .nan, count: n))
      set.softmax(x.pointer, count: n, logarithm: logarithm, into: y.pointer)
      let expected = Self.softmax(x.array, logarithm: logarithm)
      #expect(zip(y.array, expected).allSatisfy { abs(Double($0) - $1) <= 2e-6 * max(1, abs($1)) }, "\(set) \(n)")
      set.softmax(x.pointer, count: n, logarithm: logarithm, into: x.pointer)
      #expect(x.array == y.array, "in place")
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `many rows match the definition and stay in their operands`(set: InstructionSet, logarithm: Bool) {
    for (rows, n) in [(1, 1), (37, 2), (16, 3), (5, 16), (33, 9), (4, 17)] {
      var random = Random(UInt64(rows * n))
      let x = Guarded(random.floats(rows * n, -20...20))
      let y = Guarded([Float](repeating: .nan, count: rows * n))
      set.softmaxRows(x.pointer, rows: rows, count: n, logarithm: logarithm, into: y.pointer)
      let expected = (0..<rows).flatMap { Self.softmax(Array(x.array[$0 * n..<($0 + 1) * n]), logarithm: logarithm) }
      #expect(
        zip(y.array, expected).allSatisfy { abs(Double($0) - $1) <= 2e-6 * max(1, abs($1)) }, "\(set) \(rows)×\(n)")
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `columns match the definition and stay in their operands`(set: InstructionSet, logarithm: Bool) {
    for (rows, n) in [(1, 1), (3, 2), (5, 16), (10, 33), (1000, 3)] {
      var random = Random(UInt64(rows + n))
      let x = Guarded(random.floats(rows * n, -5...5))
      let y = Guarded([Float](repeating: .nan, count: rows * n))
      set.softmaxColumns(x.pointer, stride: n, rows: rows, count: n, logarithm: logarithm, into: y.pointer)
      for j in 0..<n {
        let expected = Self.softmax((0..<rows).map { x.pointer[$0 * n + j] }, logarithm: logarithm)
        let fits = (0..<rows).allSatisfy {
          abs(Double(y.pointer[$0 * n + j]) - expected[$0]) <= 2e-6 * max(1, abs(expected[$0]))
        }
        #expect(fits, "\(set) \(rows)×\(n) at \(j)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `masked and huge elements`(set: InstructionSet) {
    var y = [Float](repeating: 0, count: 4)
    set.softmax([-.infinity, 0, -.infinity, 0], count: 4, logarithm: false, into: &y)
    #expect(y == [0, 0.5, 0, 0.5])
    set.softmax([3e38, 0, -3e38, -1], count: 4, logarithm: false, into: &y)
    #expect(y == [1, 0, 0, 0])
    set.softmax([1, .nan, 2, 3], count: 4, logarithm: false, into: &y)
    #expect(y.allSatisfy { $0.isNaN })
  }
}
