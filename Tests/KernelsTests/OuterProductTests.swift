import HoneKernels
import Testing

struct OuterProductTests {
  @Test(
    arguments: InstructionSet.available, [(1, 1, 1), (7, 5, 3), (129, 70, 4), (13, 64, 9), (6, 33, 130), (8, 16, 0)])
  func `sums of outer products`(set: InstructionSet, size: (Int, Int, Int)) {
    let (m, n, depth) = size
    var random = Random(UInt64(m + n))
    let a = Guarded(random.floats(m * depth)), b = Guarded(random.floats(n * depth))
    let before = random.floats(m * n)
    for accumulates in [false, true] {
      let c = Guarded(before)
      OuterProduct(instructionSet: set).run(
        m: m, n: n, depth: depth, a: a.pointer, aStride: m, b: b.pointer, bStride: n, c: c.pointer, cStride: n,
        accumulates: accumulates)
      let expected = (0..<m * n).map { index in
        let (i, j) = index.quotientAndRemainder(dividingBy: n)
        return (0..<depth).reduce(accumulates ? Double(before[index]) : 0) {
          $0 + Double(a.pointer[$1 * m + i]) * Double(b.pointer[$1 * n + j])
        }
      }
      #expect(distance(c.array, expected) < 1e-5)
    }
  }

  @Test func `rows are an odd number of cache lines apart`() {
    for columns in [1, 16, 17, 64, 256, 300] {
      let stride = OuterProduct.spreadStride(columns: columns)
      #expect(stride >= columns && stride % 32 == 16)
    }
  }
}
