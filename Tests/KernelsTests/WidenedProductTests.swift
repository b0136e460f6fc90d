import HoneKernels
import Testing

struct WidenedProductTests {
  @Test(arguments: InstructionSet.available)
  func `nothing but the weights is rounded`(set: InstructionSet) {
    for (m, n, k) in [
      (1, 1, 1), (1, 64, 100), (2, 17, 5), (3, 130, 7), (4, 63, 33), (5, 65, 3), (7, 200, 18), (13, 48, 128), (3, 9, 0),
    ] {
      for transposed in [false, true] {
        var random = Random(UInt64(m + n + k))
        let (aStride, cStride) = (k + 3, n + 5)
        let a = Guarded(random.floats(m * aStride - (k > 0 ? 3 : 0)))
        let b = Guarded(random.floats(k * n)), bias = Guarded(random.floats(n))
        let c = Guarded(random.floats(m * cStride - 5)), before = c.array
        let addsToC = m % 2 == 1
        let plan = WidenedProduct(
          m: m, n: n, k: k, aStride: aStride, cStride: cStride, epilogue: Epilogue(alpha: 0.5), instructionSet: set)
        let packed = PackedBFloat16Matrix(b.pointer, k: k, n: n, transposed: transposed, instructionSet: set)
        plan.run(
          tasks: 0..<plan.taskCount, a: a.pointer, b: packed, c: c.pointer,
          operands: EpilogueOperands(bias: bias.pointer, residual: addsToC ? UnsafePointer(c.pointer) : nil))
        let expected = MatrixProductTests.reference(
          m, n, k, a: { a.pointer[$0 * aStride + $1] },
          b: { float(bfloat16(b.pointer[transposed ? $1 * k + $0 : $0 * n + $1])) }
        ) { i, j, sum in
          sum / 2 + Double(bias.pointer[j]) + (addsToC ? Double(before[i * cStride + j]) : 0)
        }
        let after = c.array
        #expect(distance((0..<m * n).map { after[$0 / n * cStride + $0 % n] }, expected) < 1e-5)
        for i in after.indices where i % cStride >= n { #expect(after[i] == before[i]) }
      }
    }
  }

  @Test func `activations that want whole rows of sums`() {
    let (m, n, k) = (3, 40, 20)
    var random = Random(1)
    let a = Guarded(random.floats(m * k)), b = random.floats(k * n)
    let c = Guarded([Float](repeating: .nan, count: m * n))
    let plan = WidenedProduct(m: m, n: n, k: k, epilogue: Epilogue(activation: .sigmoid))
    plan.run(tasks: 0..<plan.taskCount, a: a.pointer, b: PackedBFloat16Matrix(b, k: k, n: n), c: c.pointer)
    let expected = MatrixProductTests.reference(
      m, n, k, a: { a.pointer[$0 * k + $1] }, b: { float(bfloat16(b[$0 * n + $1])) }
    ) { _, _, sum in Activation.sigmoid(sum) }
    #expect(distance(c.array, expected) < 1e-5)
  }
}
