import HoneKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct RowSoftmaxTests {
  static func softmax(_ x: [Double], logarithm: Bool = false) -> [Double] {
    let most = x.max()!, sum = x.reduce(0) { $0 + exp($1 - most) }
    return x.map { logarithm ? $0 - most - log(sum) : exp($0 - most) / sum }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `rows and inner axes match the definition`(set: InstructionSet, logarithm: Bool) {
    for (outer, count, inner) in [(1, 1, 1), (3, 5, 1), (7, 100, 1), (2, 1000, 1), (2, 9, 7), (3, 4, 33), (1, 0, 3)] {
      var random = Random(UInt64(count))
      let x = Guarded(random.floats(outer * count * inner, -20...20))
      let y = Guarded([Float](repeating: .nan, count: x.count))
      let plan = RowSoftmax(outer: outer, count: count, inner: inner, logarithm: logarithm, instructionSet: set)
      plan.run(tasks: 0..<plan.taskCount, x: x.pointer, y: y.pointer)
      var expected = [Double](repeating: 0, count: x.count)
      for o in 0..<outer where count > 0 {
        for i in 0..<inner {
          let at = (0..<count).map { (o * count + $0) * inner + i }
          let row = Self.softmax(at.map { Double(x.pointer[$0]) }, logarithm: logarithm)
          for (position, value) in zip(at, row) { expected[position] = value }
        }
      }
      #expect(distance(y.array, expected) < 2e-6)
    }
  }

  @Test(arguments: InstructionSet.available)
  func `scores are scaled and masked, in place`(set: InstructionSet) {
    let (rows, columns) = (5, 37)
    var random = Random(8)
    let x = Guarded(random.floats(rows * columns)), mask = Guarded(random.floats(rows * columns))
    mask.pointer[3] = -.infinity
    let before = x.array
    let plan = RowSoftmax(outer: rows, count: columns, scale: 0.5, instructionSet: set)
    plan.run(
      tasks: 0..<plan.taskCount, x: x.pointer, y: x.pointer, mask: mask.pointer, maskStride: columns)
    let scores = before.indices.map { Double(before[$0]) / 2 + Double(mask.pointer[$0]) }
    var expected: [Double] = []
    for row in 0..<rows { expected += Self.softmax(Array(scores[row * columns..<(row + 1) * columns])) }
    #expect(distance(x.array, expected) < 1e-6)
  }
}
