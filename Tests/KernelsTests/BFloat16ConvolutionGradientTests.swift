import HoneKernels
import Testing

/// Convolutions of bfloat16 data whose weights change from run to run, and their gradients with respect to the input.
struct BFloat16ConvolutionGradientTests {
  static let cases = ConvolutionGradientTests.shapes.filter { !$0.isDepthwise }.map {
    ConvolutionGradientTests.Case($0, rounded: true)
  }

  @Test(arguments: InstructionSet.available)
  func `convolutions with weights packed at run time match the definition`(set: InstructionSet) {
    for c in Self.cases {
      let s = c.s, plan = BFloat16Convolution(s, yType: .float32, instructionSet: set)
      let (x, w) = (Guarded(c.x.map(bfloat16)), Guarded(c.w))
      let y = Guarded([Float](repeating: .nan, count: c.dy.count))
      Self.run(plan, .forward, x, w, y)
      let expected = convolve(
        s, x: { Double(c.x[($0 * s.inputPixels + $1) * s.inputChannels + $2]) },
        w: { Double(c.w[($2 * s.inputChannelsPerGroup + $1) * s.outputChannels + $0]) })
      #expect(distance(y.array, expected) < 1e-5, "\(s)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `input gradients match the definition and stay in their operands`(set: InstructionSet) {
    for c in Self.cases {
      let (w, dy) = (Guarded(c.w), Guarded(c.dy.map(bfloat16)))
      let dx = Guarded([Float](repeating: .nan, count: c.x.count))
      if let plan = BFloat16Convolution.inputGradient(of: c.s, instructionSet: set) {
        Self.run(plan, .inputGradient, dy, w, dx)
        #expect(distance(dx.array, c.expectedInputs) < 1e-5, "\(c.s)")
      }
      let phased = Guarded([Float](repeating: .nan, count: c.x.count))
      let plan = BFloat16ConvolutionInputGradient(c.s, instructionSet: set)
      let packed = Guarded([UInt8](repeating: 0xff, count: plan.workspaceByteCount))
      ConvolutionTests.run(taskCount: plan.packTaskCount, scratchByteCount: plan.scratchByteCount) {
        plan.pack(tasks: $0, weights: w.pointer, into: packed.pointer, scratch: $1)
      }
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
        plan.run(tasks: $0, dy: dy.pointer, workspace: packed.pointer, dx: phased.pointer, scratch: $1)
      }
      #expect(distance(phased.array, c.expectedInputs) < 1e-5, "by phases \(c.s)")
    }
  }

  private static func run(
    _ plan: BFloat16Convolution, _ purpose: ConvolutionPacking.Purpose, _ x: Guarded<UInt16>, _ w: Guarded<Float>,
    _ y: Guarded<Float>
  ) {
    let packing = BFloat16ConvolutionPacking(plan, for: purpose)
    let packed = Guarded([UInt8](repeating: 0xff, count: packing.byteCount))
    ConvolutionTests.run(taskCount: packing.taskCount, scratchByteCount: packing.scratchByteCount) {
      packing.pack(tasks: $0, from: w.pointer, into: packed.pointer, scratch: $1)
    }
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
      plan.run(tasks: $0, x: x.pointer, packing: packing, packed: packed.pointer, y: y.pointer, scratch: $1)
    }
  }
}
