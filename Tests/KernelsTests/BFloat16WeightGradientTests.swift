import HoneKernels
import Testing

/// Sums of outer products of bfloat16 rows against their definition.
struct BFloat16WeightGradientTests {
  static let shapes =
    ConvolutionGradientTests.shapes.filter { BFloat16WeightGradient.suits($0) } + [
      // Padding beyond the window, images smaller than it, and none at all on one side.
      ConvolutionShape(
        batch: 3, inputChannels: 33, outputChannels: 70, input: [5, 4], kernel: [7, 7], padsBegin: [3, 3]),
      ConvolutionShape(
        batch: 2, inputChannels: 7, outputChannels: 20, input: [1, 1], kernel: [3, 3], padsBegin: [1, 1]),
      ConvolutionShape(
        batch: 2, inputChannels: 6, outputChannels: 9, input: [9, 10], kernel: [3, 4], strides: [2, 3],
        dilations: [2, 3], padsBegin: [0, 5], padsEnd: [4, 1]),
      ConvolutionShape(
        batch: 1, inputChannels: 3, outputChannels: 5, input: [61, 60], kernel: [3, 3], padsBegin: [1, 1]),
      ConvolutionShape(batch: 3, inputChannels: 150, outputChannels: 66, input: [700], kernel: [1]),
      ConvolutionShape(batch: 2, inputChannels: 4, outputChannels: 6, input: [40], kernel: [9], padsBegin: [4]),
      ConvolutionShape(
        batch: 40, inputChannels: 18, outputChannels: 12, input: [7, 7], kernel: [3, 3], strides: [2, 2],
        padsBegin: [1, 1]),
    ]

  static let cases = shapes.map { ConvolutionGradientTests.Case($0, rounded: true) }

  @Test(arguments: InstructionSet.available)
  func `weight gradients match the definition and stay in their operands`(set: InstructionSet) {
    for c in Self.cases {
      let shape = c.s
      for side in [Guarded<UInt16>.Side.before, .after] {
        let (x, dy) = (Guarded(c.x.map(bfloat16), side), Guarded(c.dy.map(bfloat16), side))
        let dw = Self.gradient(BFloat16WeightGradient(shape, instructionSet: set), x, dy, c.w.count)
        #expect(distance(dw, c.expectedWeights) < 2e-5, "\(shape)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `products of a transposed matrix match the definition`(set: InstructionSet) {
    for (m, n, depth) in [(1, 1, 1), (5, 70, 3), (130, 65, 33), (40, 33, 2100), (200, 20, 1025)] {
      var random = Random(UInt64(m + n + depth))
      let (a, b) = (random.floats(depth * m).map(bfloat16), random.floats(depth * n).map(bfloat16))
      let plan = BFloat16WeightGradient(m: m, n: n, depth: depth, alpha: -0.5, instructionSet: set)
      let result = Self.gradient(plan, Guarded(a), Guarded(b), m * n)
      let expected = MatrixProductTests.reference(
        m, n, depth, a: { float(a[$1 * m + $0]) }, b: { float(b[$0 * n + $1]) }
      ) { _, _, sum in -sum / 2 }
      #expect(distance(result, expected) < 1e-5, "\(m)×\(n)×\(depth)")
    }
  }

  private static func gradient(
    _ plan: BFloat16WeightGradient, _ x: Guarded<UInt16>, _ dy: Guarded<UInt16>, _ count: Int
  ) -> [Float] {
    let dw = Guarded([Float](repeating: .nan, count: count))
    let workspace = Guarded([UInt8](repeating: 0xff, count: (plan.workspaceByteCount + 63) / 64 * 64))
    let shared = UnsafeMutableRawPointer(workspace.pointer)
    ConvolutionTests.run(taskCount: plan.packTaskCount, scratchByteCount: plan.scratchByteCount) {
      plan.pack(tasks: $0, x: x.pointer, dy: dy.pointer, workspace: shared, scratch: $1)
    }
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: 0) { tasks, _ in
      plan.run(tasks: tasks, workspace: shared, dw: dw.pointer)
    }
    ConvolutionTests.run(taskCount: plan.reductionTaskCount, scratchByteCount: 0) { tasks, _ in
      plan.reduce(tasks: tasks, workspace: shared, dw: dw.pointer)
    }
    return dw.array
  }
}
