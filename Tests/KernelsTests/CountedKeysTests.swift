import HoneKernels
import Testing

/// Attention to the first keys of a cache, whose rest is not there at all.
@Suite struct CountedKeysTests {
  private static let (capacity, count, queries, width) = (70, 19, 9, 16)

  @Test(arguments: InstructionSet.available, [false, true])
  func `what lies behind the valid keys is not read`(set: InstructionSet, isCausal: Bool) {
    let (count, queries, width) = (Self.count, Self.queries, Self.width)
    var random = Random(11)
    let q = random.floats(queries * width), k = random.floats(count * width), v = random.floats(count * width)
    let counts = Guarded([Int64(count)])
    typealias Strides = ScaledDotProductAttention.Strides
    let rows = Strides(batch: 0, head: 0, position: width)
    func wide(_ keys: Int, counted: Bool) -> [Float] {
      let plan = ScaledDotProductAttention(
        batch: 1, heads: 1, queries: queries, keys: keys, width: width, isCausal: isCausal, q: rows, k: rows, v: rows,
        y: rows, instructionSet: set)
      let (q, k, v) = (Guarded(q), Guarded(k), Guarded(v))
      let y = Guarded([Float](repeating: .nan, count: queries * width))
      defer { withExtendedLifetime((q, k, v, counts)) {} }
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, counts: counted ? UnsafePointer(counts.pointer) : nil, q: q.pointer, k: k.pointer, v: v.pointer,
          y: y.pointer, scratch: scratch)
      }
      return (0..<queries * width).map { y.pointer[$0] }
    }
    func narrow(_ keys: Int, counted: Bool) -> [Float] {
      let plan = BFloat16Attention(
        batch: 1, heads: 1, keyHeads: 1, queries: queries, keys: keys, width: width, valueWidth: width, scale: 0.25,
        isCausal: isCausal, q: rows, k: rows, v: rows, y: rows, instructionSet: set)
      let (q, k, v) = (Guarded(q.map(bfloat16)), Guarded(k.map(bfloat16)), Guarded(v.map(bfloat16)))
      let y = Guarded([UInt16](repeating: 0x7fc0, count: queries * width))
      defer { withExtendedLifetime((q, k, v, counts)) {} }
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, counts: counted ? UnsafePointer(counts.pointer) : nil, q: q.pointer, k: k.pointer, v: v.pointer,
          y: y.pointer, scratch: scratch)
      }
      return (0..<queries * width).map { float(y.pointer[$0]) }
    }
    #expect(
      zip(wide(Self.capacity, counted: true), wide(count, counted: false)).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(
      zip(narrow(Self.capacity, counted: true), narrow(count, counted: false)).allSatisfy { abs($0 - $1) < 1e-2 })
  }
}
