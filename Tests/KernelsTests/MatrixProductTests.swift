import HoneKernels
import Testing

struct MatrixProductTests {
  static let sizes: [(m: Int, n: Int, k: Int)] = [
    (1, 1, 1), (1, 64, 100), (1, 1000, 37), (2, 17, 5), (3, 130, 64), (5, 31, 7), (6, 64, 48), (7, 63, 33),
    (13, 65, 3), (33, 16, 129), (50, 200, 19), (61, 48, 9), (4, 8, 0), (97, 129, 65), (6, 70, 1700), (200, 96, 32),
  ]

  /// Runs the whole product in two uneven ranges, so that tasks must not depend on one another.
  static func run(
    _ plan: MatrixProduct, a: Guarded<Float>, c: Guarded<Float>, _ body: (Range<Int>, UnsafeMutableRawPointer) -> Void
  ) {
    let tasks = plan.taskCount, cut = tasks / 3
    for range in [cut..<tasks, 0..<cut] {
      let scratch = Guarded([UInt8](repeating: 0xff, count: (plan.scratchByteCount + 63) / 64 * 64))
      body(range, UnsafeMutableRawPointer(scratch.pointer))
    }
  }

  static func reference(
    _ m: Int, _ n: Int, _ k: Int, a: (Int, Int) -> Float, b: (Int, Int) -> Float, _ finish: (Int, Int, Double) -> Double
  ) -> [Double] {
    (0..<m * n).map { index in
      let (i, j) = (index / n, index % n)
      return finish(i, j, (0..<k).reduce(0) { $0 + Double(a(i, $1)) * Double(b($1, j)) })
    }
  }

  @Test(arguments: InstructionSet.available, [Guarded<Float>.Side.before, .after])
  func `packed products match the definition and stay in their operands`(set: InstructionSet, side: Guarded<Float>.Side)
  {
    for (m, n, k) in Self.sizes {
      for transposed in [false, true] {
        var random = Random(UInt64(m * 31 + n * 7 + k))
        let a = Guarded(random.floats(m * k), side), b = Guarded(random.floats(k * n), side)
        let bias = Guarded(random.floats(n), side), residual = Guarded(random.floats(m * n), side)
        let c = Guarded([Float](repeating: .nan, count: m * n), side)
        let plan = MatrixProduct(
          m: m, n: n, k: k, epilogue: Epilogue(alpha: 0.5, activation: .relu), instructionSet: set)
        let packed = PackedMatrix(b.pointer, k: k, n: n, transposed: transposed, instructionSet: set)
        Self.run(plan, a: a, c: c) { tasks, scratch in
          plan.run(
            tasks: tasks, a: a.pointer, b: packed, c: c.pointer,
            operands: EpilogueOperands(bias: bias.pointer, residual: residual.pointer), scratch: scratch)
        }
        let expected = Self.reference(
          m, n, k, a: { a.pointer[$0 * k + $1] }, b: { b.pointer[transposed ? $1 * k + $0 : $0 * n + $1] }
        ) { i, j, sum in Activation.relu(0.5 * sum + Double(bias.pointer[j]) + Double(residual.pointer[i * n + j])) }
        #expect(distance(c.array, expected) < 2e-5, "\(set) \(m)×\(n)×\(k) transposed \(transposed)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `products of two activations read either layout of both`(set: InstructionSet) {
    for (m, n, k) in Self.sizes {
      for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
        var random = Random(UInt64(m + n * 7 + k * 3))
        let aStride = (transposeA ? m : k) + 3, bStride = (transposeB ? k : n) + 2, cStride = n + 5
        let a = Guarded(random.floats((transposeA ? k : m) * aStride)),
          b = Guarded(random.floats((transposeB ? n : k) * bStride))
        let rowBias = Guarded(random.floats(m))
        let c = Guarded([Float](repeating: 7, count: m * cStride))
        let plan = MatrixProduct(
          m: m, n: n, k: k, aStride: aStride, bStride: bStride, cStride: cStride, transposeA: transposeA,
          transposeB: transposeB, instructionSet: set)
        Self.run(plan, a: a, c: c) { tasks, scratch in
          plan.run(
            tasks: tasks, a: a.pointer, b: b.pointer, c: c.pointer,
            operands: EpilogueOperands(rowBias: rowBias.pointer), scratch: scratch)
        }
        let expected = Self.reference(
          m, n, k, a: { a.pointer[transposeA ? $1 * aStride + $0 : $0 * aStride + $1] },
          b: { b.pointer[transposeB ? $1 * bStride + $0 : $0 * bStride + $1] }
        ) { i, _, sum in sum + Double(rowBias.pointer[i]) }
        let result = (0..<m * n).map { c.pointer[$0 / n * cStride + $0 % n] }
        #expect(distance(result, expected) < 3e-5, "\(set) \(m)×\(n)×\(k) \(transposeA) \(transposeB)")
        #expect((0..<m * 5).allSatisfy { c.pointer[$0 / 5 * cStride + n + $0 % 5] == 7 }, "wrote between rows")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `a batch shares the operands its offsets name`(set: InstructionSet) {
    let (m, n, k, batch) = (5, 9, 11, 6)
    var random = Random(3)
    let a = random.floats(batch * m * k), b = random.floats(2 * k * n)
    var c = [Float](repeating: .nan, count: batch * m * n)
    let plan = MatrixProduct(
      m: m, n: n, k: k,
      batch: .init(
        a: (0..<batch).map { $0 * m * k }, b: (0..<batch).map { $0 % 2 * k * n }, c: (0..<batch).map { $0 * m * n }),
      instructionSet: set)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: plan.scratchByteCount, alignment: 64)
    defer { scratch.deallocate() }
    plan.run(tasks: 0..<plan.taskCount, a: a, b: b, c: &c, scratch: scratch)
    var expected: [Double] = []
    for z in 0..<batch {
      let (first, second) = (z * m * k, z % 2 * k * n)
      expected += Self.reference(m, n, k, a: { a[first + $0 * k + $1] }, b: { b[second + $0 * n + $1] }) { $2 }
    }
    #expect(distance(c, expected) < 1e-5)
  }

  @Test(arguments: InstructionSet.available)
  func `a residual may be the result, and B unaligned`(set: InstructionSet) {
    let (m, n, k) = (9, 70, 3000)
    var random = Random(5)
    let a = random.floats(m * k), b = random.floats(k * n), before = random.floats(m * n)
    var c = before
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: k * n * 4 + 1, alignment: 64)
    defer { bytes.deallocate() }
    b.withUnsafeBytes { (bytes + 1).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    let packed = PackedMatrix(bytes + 1, k: k, n: n, instructionSet: set)
    let plan = MatrixProduct(m: m, n: n, k: k, instructionSet: set)
    c.withUnsafeMutableBufferPointer { c in
      let c = c.baseAddress!
      plan.run(
        tasks: 0..<plan.taskCount, a: a, b: packed, c: c, operands: EpilogueOperands(residual: UnsafePointer(c)),
        scratch: nil)
    }
    let expected = Self.reference(m, n, k, a: { a[$0 * k + $1] }, b: { b[$0 * n + $1] }) {
      $2 + Double(before[$0 * n + $1])
    }
    #expect(distance(c, expected) < 1e-4)
  }
}
