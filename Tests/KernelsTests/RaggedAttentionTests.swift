import HoneKernels
import Testing

struct RaggedAttentionTests {
  private static let lengths = [5, 0, 37, 1, 130, 64]
  private static let offsets = lengths.reduce(into: [Int32(0)]) { $0.append($0.last! + Int32($1)) }
  private static let rows = lengths.reduce(0, +)
  private static let (heads, keyHeads, width, valueWidth) = (4, 2, 10, 18)
  typealias Strides = ScaledDotProductAttention.Strides

  private static func strides(_ heads: Int, _ width: Int) -> Strides {
    .positionMajor(heads: heads, positions: 0, width: width)
  }

  /// Runs `body` for the tasks of all heads and sequences, shared among some threads.
  private static func run(scratch: Int, _ body: (Range<Int>, RaggedRows, UnsafeMutableRawPointer) -> Void) {
    let offsets = Guarded(Self.offsets)
    let rows = RaggedRows(offsets: offsets.pointer, sequences: lengths.count)
    ConvolutionTests.run(taskCount: heads * lengths.count, scratchByteCount: scratch) { tasks, scratch in
      body(tasks, rows, scratch)
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `each sequence sees itself alone`(set: InstructionSet, isCausal: Bool) {
    var random = Random(3)
    let q = Guarded(random.floats(Self.rows * Self.heads * Self.width))
    let k = Guarded(random.floats(Self.rows * Self.keyHeads * Self.width))
    let v = Guarded(random.floats(Self.rows * Self.keyHeads * Self.valueWidth))
    let y = Guarded([Float](repeating: .nan, count: Self.rows * Self.heads * Self.valueWidth))
    let expected = Guarded([Float](repeating: 0, count: Self.rows * Self.heads * Self.valueWidth))
    func plan(_ length: Int) -> ScaledDotProductAttention {
      ScaledDotProductAttention(
        batch: 1, heads: Self.heads, keyHeads: Self.keyHeads, queries: length, keys: length, width: Self.width,
        valueWidth: Self.valueWidth, isCausal: isCausal, q: Self.strides(Self.heads, Self.width),
        k: Self.strides(Self.keyHeads, Self.width), v: Self.strides(Self.keyHeads, Self.valueWidth),
        y: Self.strides(Self.heads, Self.valueWidth), instructionSet: set)
    }
    let longest = plan(140)
    Self.run(scratch: longest.scratchByteCount) { tasks, rows, scratch in
      longest.run(
        tasks: tasks, of: rows, q: q.pointer, k: k.pointer, v: v.pointer, y: y.pointer, scratch: scratch)
    }
    for (i, length) in Self.lengths.enumerated() where length > 0 {
      let (own, start) = (plan(length), Int(Self.offsets[i]))
      ConvolutionTests.run(taskCount: own.taskCount, scratchByteCount: own.scratchByteCount) { tasks, scratch in
        own.run(
          tasks: tasks, q: q.pointer + start * Self.heads * Self.width,
          k: k.pointer + start * Self.keyHeads * Self.width, v: v.pointer + start * Self.keyHeads * Self.valueWidth,
          y: expected.pointer + start * Self.heads * Self.valueWidth, scratch: scratch)
      }
    }
    let worst = (0..<Self.rows * Self.heads * Self.valueWidth).map { i -> Float in
      let difference = abs(y.pointer[i] - expected.pointer[i])
      return difference.isNaN ? .infinity : difference
    }.max()!
    #expect(worst < 1e-6)
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `each sequence of bfloat16 numbers sees itself alone`(set: InstructionSet, isCausal: Bool) {
    var random = Random(4)
    let q = Guarded(random.floats(Self.rows * Self.heads * Self.width).map(bfloat16))
    let k = Guarded(random.floats(Self.rows * Self.keyHeads * Self.width).map(bfloat16))
    let v = Guarded(random.floats(Self.rows * Self.keyHeads * Self.valueWidth).map(bfloat16))
    let y = Guarded([UInt16](repeating: 0x7fc0, count: Self.rows * Self.heads * Self.valueWidth))
    let expected = Guarded([UInt16](repeating: 0, count: Self.rows * Self.heads * Self.valueWidth))
    func plan(_ length: Int) -> BFloat16Attention {
      BFloat16Attention(
        batch: 1, heads: Self.heads, keyHeads: Self.keyHeads, queries: length, keys: length, width: Self.width,
        valueWidth: Self.valueWidth, scale: 0.3, isCausal: isCausal, q: Self.strides(Self.heads, Self.width),
        k: Self.strides(Self.keyHeads, Self.width), v: Self.strides(Self.keyHeads, Self.valueWidth),
        y: Self.strides(Self.heads, Self.valueWidth), instructionSet: set)
    }
    let longest = plan(140)
    Self.run(scratch: longest.scratchByteCount) { tasks, rows, scratch in
      longest.run(
        tasks: tasks, of: rows, q: q.pointer, k: k.pointer, v: v.pointer, y: y.pointer, scratch: scratch)
    }
    for (i, length) in Self.lengths.enumerated() where length > 0 {
      let (own, start) = (plan(length), Int(Self.offsets[i]))
      ConvolutionTests.run(taskCount: own.taskCount, scratchByteCount: own.scratchByteCount) { tasks, scratch in
        own.run(
          tasks: tasks, q: q.pointer + start * Self.heads * Self.width,
          k: k.pointer + start * Self.keyHeads * Self.width, v: v.pointer + start * Self.keyHeads * Self.valueWidth,
          y: expected.pointer + start * Self.heads * Self.valueWidth, scratch: scratch)
      }
    }
    let worst = (0..<Self.rows * Self.heads * Self.valueWidth).map { i -> Float in
      let difference = abs(float(y.pointer[i]) - float(expected.pointer[i]))
      return difference.isNaN ? .infinity : difference
    }.max()!
    #expect(worst < 1e-2)
  }
}
