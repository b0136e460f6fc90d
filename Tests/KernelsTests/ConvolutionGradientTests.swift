import HoneKernels
import Testing

/// Gradients of convolutions with respect to weights and inputs, against their definition.
struct ConvolutionGradientTests {
  static let shapes =
    ConvolutionTests.shapes.filter { $0.inputStride == $0.inputChannels && $0.outputStride == $0.outputChannels } + [
      ConvolutionShape(
        batch: 3, inputChannels: 20, outputChannels: 70, input: [30, 26], kernel: [3, 3], padsBegin: [1, 1]),
      ConvolutionShape(batch: 5, inputChannels: 24, outputChannels: 40, input: [12, 11], kernel: [1, 1]),
      ConvolutionShape(batch: 9, inputChannels: 17, outputChannels: 20, input: [25, 23], kernel: [1, 1]),
      ConvolutionShape(
        batch: 2, inputChannels: 16, outputChannels: 32, input: [10, 9], kernel: [1, 1], strides: [2, 2]),
      ConvolutionShape(
        batch: 4, inputChannels: 10, outputChannels: 20, input: [12, 12], kernel: [5, 5]),
      ConvolutionShape(
        batch: 2, inputChannels: 64, outputChannels: 72, input: [8, 8], kernel: [3, 3], strides: [2, 2],
        padsBegin: [1, 1]),
    ]

  struct Case {
    let s: ConvolutionShape
    let x, w, dy: [Float]
    var expectedWeights: [Double]
    var expectedInputs: [Double]

    /// Numbers that are bfloat16 where `rounded`.
    init(_ s: ConvolutionShape, rounded: Bool = false) {
      self.s = s
      var random = Random(UInt64(s.taps * 100 + s.inputChannels))
      func numbers(_ count: Int) -> [Float] {
        let numbers = random.floats(count)
        return rounded ? numbers.map { float(bfloat16($0)) } : numbers
      }
      x = numbers(s.batch * s.inputPixels * s.inputChannels)
      w = numbers(s.taps * s.inputChannelsPerGroup * s.outputChannels)
      dy = numbers(s.batch * s.outputPixels * s.outputChannels)
      expectedWeights = [Double](repeating: 0, count: w.count)
      expectedInputs = [Double](repeating: 0, count: x.count)
      let perGroup = s.inputChannelsPerGroup
      for image in 0..<s.batch {
        for pixel in 0..<s.outputPixels {
          let row = (image * s.outputPixels + pixel) * s.outputChannels
          for tap in 0..<s.taps {
            guard let input = inputPixel(s, pixel, tap) else { continue }
            let from = (image * s.inputPixels + input) * s.inputChannels
            for o in 0..<s.outputChannels {
              let group = o / s.outputChannelsPerGroup * perGroup
              for i in 0..<perGroup {
                let at = (tap * perGroup + i) * s.outputChannels + o
                expectedWeights[at] += Double(x[from + group + i]) * Double(dy[row + o])
                expectedInputs[from + group + i] += Double(w[at]) * Double(dy[row + o])
              }
            }
          }
        }
      }
    }
  }

  static let cases = shapes.map { Case($0) }

  @Test(arguments: InstructionSet.available)
  func `weight gradients match the definition and stay in their operands`(set: InstructionSet) {
    for c in Self.cases where !c.s.isDepthwise {
      for side in [Guarded<Float>.Side.before, .after] {
        let (x, dy) = (Guarded(c.x, side), Guarded(c.dy, side))
        let dw = Guarded([Float](repeating: 7, count: c.w.count), side)
        let plan = ConvolutionWeightGradient(
          c.s, parts: side == .after ? c.s.batch : 0, instructionSet: set)
        let workspace = Guarded([UInt8](repeating: 0xff, count: (plan.workspaceByteCount + 63) / 64 * 64))
        let shared = UnsafeMutableRawPointer(workspace.pointer)
        ConvolutionTests.run(taskCount: plan.copyTaskCount, scratchByteCount: 0) { tasks, _ in
          plan.copy(tasks: tasks, x: x.pointer, workspace: shared)
        }
        ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: 0) { tasks, _ in
          plan.run(tasks: tasks, x: x.pointer, dy: dy.pointer, dw: dw.pointer, workspace: shared)
        }
        ConvolutionTests.run(taskCount: plan.reductionTaskCount, scratchByteCount: 0) { tasks, _ in
          plan.reduce(tasks: tasks, workspace: shared, dw: dw.pointer)
        }
        #expect(distance(dw.array, c.expectedWeights) < 2e-5, "\(c.s)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `input gradients match the definition and stay in their operands`(set: InstructionSet) {
    for c in Self.cases {
      for side in [Guarded<Float>.Side.before, .after] {
        let (w, dy) = (Guarded(c.w, side), Guarded(c.dy, side))
        let dx = Guarded([Float](repeating: 7, count: c.x.count), side)
        var tolerance = 2e-5
        if let plan = Convolution.inputGradient(of: c.s, instructionSet: set) {
          if plan.method != .direct { tolerance = 1e-4 }
          let packing = ConvolutionPacking(plan, for: .inputGradient)
          let packed = Guarded([UInt8](repeating: 0xff, count: packing.byteCount))
          ConvolutionTests.run(taskCount: packing.taskCount, scratchByteCount: packing.scratchByteCount) {
            packing.pack(tasks: $0, from: w.pointer, into: packed.pointer, scratch: $1)
          }
          ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
            plan.run(
              tasks: $0, x: dy.pointer, packing: packing, packed: packed.pointer, y: dx.pointer, scratch: $1)
          }
        } else if c.s.isDepthwise {
          let plan = DepthwiseGradient(c.s, instructionSet: set)
          ConvolutionTests.run(taskCount: plan.inputTaskCount, scratchByteCount: 0) { tasks, _ in
            plan.inputGradient(tasks: tasks, dy: dy.pointer, weights: w.pointer, dx: dx.pointer)
          }
        } else {
          let plan = ConvolutionInputGradient(c.s, instructionSet: set)
          let packed = Guarded([UInt8](repeating: 0xff, count: plan.workspaceByteCount))
          ConvolutionTests.run(taskCount: plan.packTaskCount, scratchByteCount: 0) { tasks, _ in
            plan.pack(tasks: tasks, weights: w.pointer, into: packed.pointer)
          }
          ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
            plan.run(tasks: $0, dy: dy.pointer, workspace: packed.pointer, dx: dx.pointer, scratch: $1)
          }
        }
        #expect(distance(dx.array, c.expectedInputs) < tolerance, "\(c.s)")
        guard ConvolutionScatterGradient.suits(c.s) else { continue }
        let plan = ConvolutionScatterGradient(c.s, instructionSet: set)
        let packed = Guarded([UInt8](repeating: 0xff, count: plan.workspaceByteCount))
        ConvolutionTests.run(taskCount: plan.packTaskCount, scratchByteCount: 0) { tasks, _ in
          plan.pack(tasks: tasks, weights: w.pointer, into: packed.pointer)
        }
        ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
          plan.run(tasks: $0, dy: dy.pointer, workspace: packed.pointer, dx: dx.pointer, scratch: $1)
        }
        #expect(distance(dx.array, c.expectedInputs) < 2e-5, "scattered \(c.s)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `depthwise weight gradients match the definition and stay in their operands`(set: InstructionSet) {
    for c in Self.cases where c.s.isDepthwise {
      for side in [Guarded<Float>.Side.before, .after] {
        let (x, dy) = (Guarded(c.x, side), Guarded(c.dy, side))
        let dw = Guarded([Float](repeating: 7, count: c.w.count), side)
        let plan = DepthwiseGradient(c.s, instructionSet: set)
        let workspace = Guarded([UInt8](repeating: 0xff, count: plan.workspaceByteCount))
        let shared = UnsafeMutableRawPointer(workspace.pointer)
        ConvolutionTests.run(taskCount: plan.weightTaskCount, scratchByteCount: 0) { tasks, _ in
          plan.weightGradient(tasks: tasks, x: x.pointer, dy: dy.pointer, workspace: shared)
        }
        ConvolutionTests.run(taskCount: plan.reductionTaskCount, scratchByteCount: 0) { tasks, _ in
          plan.reduce(tasks: tasks, workspace: shared, dw: dw.pointer)
        }
        #expect(distance(dw.array, c.expectedWeights) < 2e-5, "\(c.s)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `weights packed at run time give what constants give`(set: InstructionSet) {
    for c in Self.cases {
      let s = c.s
      let plan = Convolution(s, instructionSet: set)
      let packing = ConvolutionPacking(plan)
      let (x, w) = (Guarded(c.x), Guarded(c.w))
      let y = Guarded([Float](repeating: 7, count: c.dy.count))
      let packed = Guarded([UInt8](repeating: 0xff, count: packing.byteCount))
      ConvolutionTests.run(taskCount: packing.taskCount, scratchByteCount: packing.scratchByteCount) {
        packing.pack(tasks: $0, from: w.pointer, into: packed.pointer, scratch: $1)
      }
      let weights = packing.isPackedAlready ? UnsafeRawPointer(w.pointer) : UnsafeRawPointer(packed.pointer)
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
        plan.run(tasks: $0, x: x.pointer, packing: packing, packed: weights, y: y.pointer, scratch: $1)
      }
      let expected = convolve(
        s, x: { Double(c.x[($0 * s.inputPixels + $1) * s.inputChannels + $2]) },
        w: { Double(c.w[($2 * s.inputChannelsPerGroup + $1) * s.outputChannels + $0]) })
      #expect(distance(y.array, expected) < 2e-5, "\(s)")
    }
  }
}
