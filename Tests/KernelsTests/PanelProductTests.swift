import HoneKernels
import Testing

struct PanelProductTests {
  @Test(arguments: InstructionSet.available, [(1, 1, 1), (7, 5, 3), (13, 70, 64), (6, 33, 300), (5, 128, 161)])
  func `products with B packed at run time`(set: InstructionSet, size: (Int, Int, Int)) {
    let (rows, n, k) = size
    var random = Random(UInt64(rows + n))
    let a = Guarded(random.floats(rows * k)), b = random.floats(n * k), bias = Guarded(random.floats(n))
    let before = random.floats(rows * n)
    let source = Guarded(b)
    let product = PanelProduct(k: k, n: n, instructionSet: set)
    for isTransposed in [false, true] {
      let packed = Guarded([Float](repeating: .nan, count: product.packedCount))
      product.pack(
        source.pointer, stride: isTransposed ? k : n, transposed: isTransposed, into: packed.pointer)
      for (hasBias, accumulates) in [(false, false), (true, false), (false, true)] {
        let c = Guarded(before)
        product.run(
          rows: rows, a: a.pointer, aStride: k, packed: packed.pointer, c: c.pointer, cStride: n,
          bias: hasBias ? bias.pointer : nil, accumulates: accumulates)
        let expected = (0..<rows * n).map { index in
          let (i, j) = index.quotientAndRemainder(dividingBy: n)
          let start = accumulates ? Double(before[index]) : hasBias ? Double(bias.pointer[j]) : 0
          return (0..<k).reduce(start) {
            $0 + Double(a.pointer[i * k + $1]) * Double(b[isTransposed ? j * k + $1 : $1 * n + j])
          }
        }
        #expect(distance(c.array, expected) < 1e-5)
      }
    }
  }
}
