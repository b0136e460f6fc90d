import HoneKernels
import Testing

struct DynamicIntegerProductTests {
  struct Case: Sendable {
    var (m, n, k) = (1, 1, 1)
    var type = ByteType.int8
    var perColumn = true
    var hasZeros = false
  }

  static let cases: [Case] = [
    Case(), Case(m: 1, n: 64, k: 100), Case(m: 2, n: 17, k: 5, perColumn: false),
    Case(m: 3, n: 130, k: 64, type: .uint8, hasZeros: true), Case(m: 5, n: 31, k: 7, hasZeros: true),
    Case(m: 7, n: 63, k: 33, type: .uint8), Case(m: 13, n: 65, k: 130, perColumn: false), Case(m: 40, n: 48, k: 65),
  ]

  private func expect(_ item: Case, _ rows: DynamicIntegerProduct.Rows, _ set: InstructionSet) {
    let (m, n, k) = (item.m, item.n, item.k)
    var random = Random(UInt64(m * 5 + n + k))
    let (aStride, cStride) = (k + 2, n + 3)
    let a = Guarded(random.floats(m * aStride - 2, -3...5)), b = Guarded(random.bytes(k * n))
    let scales = Guarded(random.floats(item.perColumn ? n : 1, 0.001...0.01)), bias = Guarded(random.floats(n))
    let zeros = item.hasZeros ? random.int32s(n, item.type == .int8 ? -9...9 : 100...140) : nil
    let packed = PackedIntegerMatrix(b.pointer, k: k, n: n, type: item.type, zeros: zeros, instructionSet: set)
    let plan = DynamicIntegerProduct(
      m: m, n: n, k: k, rows: rows, aStride: aStride, cStride: cStride, scalePerColumn: item.perColumn,
      instructionSet: set)
    func weight(_ p: Int, _ j: Int) -> Double {
      let q = IntegerMatrixProductTests.value(b.pointer[p * n + j], item.type) - (zeros?[j] ?? 0)
      return Double(q) * Double(scales.pointer[item.perColumn ? j : 0])
    }
    for kind in 0..<3 {
      let c = Guarded(random.floats(m * cStride - 3)), before = c.array
      let start: DynamicIntegerProduct.Start =
        switch kind {
        case 0: .zero
        case 1: .bias(UnsafePointer(bias.pointer))
        default: .result
        }
      let scratch = Guarded([UInt8](repeating: 0xff, count: plan.scratchByteCount))
      plan.run(
        a: a.pointer, b: packed, scales: scales.pointer, start: start, c: c.pointer, scratch: scratch.pointer)
      let after = c.array
      for i in 0..<m {
        let row = (0..<k).map { Double(a.pointer[i * aStride + $0]) }
        // Half a step of the grid that stands for the row.
        let range = (row + [0]).max()! - (row + [0]).min()!, most = row.map(abs).max()!
        let step = rows == .bytes ? range / 255 : most / 127 / 254
        for j in 0..<n {
          let from = [0, Double(bias.pointer[j]), Double(before[i * cStride + j])][kind]
          let weights = (0..<k).map { weight($0, j) }
          let expected = from + zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 }
          let size = weights.reduce(0) { $0 + abs($1) }
          // u8 grids may also be off by half a step where their zero point is rounded.
          let bound = step * (rows == .bytes ? 1 : 0.51) * size + 2e-6 * (1 + size * most)
          #expect(abs(Double(after[i * cStride + j]) - expected) <= bound, "\(set) \(m)×\(n)×\(k) \(rows) \(kind)")
        }
      }
      for i in after.indices where i % cStride >= n { #expect(after[i] == before[i]) }
    }
  }

  @Test(arguments: InstructionSet.available, cases) func `bytes are a step off at most`(
    set: InstructionSet, item: Case
  ) { expect(item, .bytes, set) }

  @Test(arguments: InstructionSet.available, cases) func `pairs of bytes are half a fine step off at most`(
    set: InstructionSet, item: Case
  ) { expect(item, .bytePairs, set) }

  @Test(arguments: [DynamicIntegerProduct.Rows.bytes, .bytePairs])
  func `instruction sets give the same bits`(rows: DynamicIntegerProduct.Rows) {
    var random = Random(9)
    let (m, n, k) = (3, 70, 45)
    let a = random.floats(m * k), b = random.bytes(k * n), scales = random.floats(n, 0.001...0.01)
    let results = InstructionSet.available.map { set in
      var c = [Float](repeating: 0, count: m * n)
      let plan = DynamicIntegerProduct(m: m, n: n, k: k, rows: rows, scalePerColumn: true, instructionSet: set)
      let packed = PackedIntegerMatrix(b, k: k, n: n, instructionSet: set)
      let scratch = Guarded([UInt8](repeating: 0, count: plan.scratchByteCount))
      plan.run(a: a, b: packed, scales: scales, c: &c, scratch: scratch.pointer)
      return c
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test func `a row of zeros gives zeros`() {
    for rows in [DynamicIntegerProduct.Rows.bytes, .bytePairs] {
      let plan = DynamicIntegerProduct(m: 1, n: 5, k: 4, rows: rows, scalePerColumn: false)
      let packed = PackedIntegerMatrix([UInt8](repeating: 77, count: 20), k: 4, n: 5)
      var c = [Float](repeating: .nan, count: 5)
      let scratch = Guarded([UInt8](repeating: 0, count: plan.scratchByteCount))
      plan.run(a: [0, 0, 0, 0], b: packed, scales: [1], c: &c, scratch: scratch.pointer)
      #expect(c == [0, 0, 0, 0, 0])
    }
  }
}
