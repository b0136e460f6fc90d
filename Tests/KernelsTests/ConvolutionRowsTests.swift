import HoneKernels
import Testing

/// Rows of narrow convolutions computed alone, against the whole.
struct ConvolutionRowsTests {
  @Test(arguments: InstructionSet.available, ConvolutionTests.shapes + ConvolutionTests.depthwise)
  func `integer rows computed alone are those of the whole`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(UInt64(s.taps * 100 + s.inputChannels))
    let plan = IntegerConvolution(s, epilogue: IntegerEpilogue(result: .int32), instructionSet: set)
    guard plan.computesRows else { return #expect(s.output.count != 2) }
    let x = Guarded(random.bytes(ConvolutionTests.count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)))
    let w = Guarded(random.bytes(s.outputChannels * s.inputChannelsPerGroup * s.taps))
    let packed = PackedIntegerConvolution(w.pointer, shape: s, instructionSet: set)
    let count = ConvolutionTests.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
    let whole = Guarded([Int32](repeating: 7, count: count)), parts = Guarded([Int32](repeating: 7, count: count))
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
      plan.run(tasks: tasks, x: x.pointer, xZero: 3, weights: packed, y: whole.pointer, scratch: scratch)
    }
    Self.inParts(of: s, scratchByteCount: plan.scratchByteCount) { image, rows, scratch in
      plan.run(rows: rows, image: image, x: x.pointer, xZero: 3, weights: packed, y: parts.pointer, scratch: scratch)
    }
    #expect(parts.array == whole.array)
  }

  @Test(arguments: InstructionSet.available, ConvolutionTests.shapes + ConvolutionTests.depthwise)
  func `bfloat16 rows computed alone are those of the whole`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(UInt64(s.taps * 100 + s.inputChannels))
    let plan = BFloat16Convolution(s, epilogue: Epilogue(activation: .relu), instructionSet: set)
    guard plan.computesRows else { return #expect(s.output.count != 2 || s.batch > 1) }
    let xCount = ConvolutionTests.count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)
    let x = Guarded(random.floats(xCount).map(bfloat16)), bias = Guarded(random.floats(s.outputChannels))
    let w = Guarded(random.floats(s.outputChannels * s.inputChannelsPerGroup * s.taps))
    let packed = PackedBFloat16Convolution(w.pointer, shape: s, instructionSet: set)
    let count = ConvolutionTests.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
    let whole = Guarded([UInt16](repeating: 7, count: count)), parts = Guarded([UInt16](repeating: 7, count: count))
    let operands = EpilogueOperands(bias: bias.pointer)
    defer { withExtendedLifetime(bias) {} }
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
      plan.run(tasks: tasks, x: x.pointer, weights: packed, y: whole.pointer, operands: operands, scratch: scratch)
    }
    Self.inParts(of: s, scratchByteCount: plan.scratchByteCount) { image, rows, scratch in
      plan.run(
        rows: rows, image: image, x: x.pointer, weights: packed, y: parts.pointer, operands: operands, scratch: scratch)
    }
    #expect(distance(parts.array.map(float), whole.array.map { Double(float($0)) }) < 8e-3)
  }

  @Test(arguments: InstructionSet.available, [17, 40, 70])
  func `factors in the weights are factors of the input`(set: InstructionSet, filters: Int) {
    var random = Random(UInt64(filters))
    let s = ConvolutionShape(
      inputChannels: 35, outputChannels: filters, input: [11, 13], kernel: [1, 1], output: [11, 13])
    let plan = Convolution(s, epilogue: Epilogue(activation: .relu), instructionSet: set)
    #expect(plan.scalesWeights)
    let values = random.floats(s.inputPixels * s.inputChannels), numbers = random.floats(s.inputChannels)
    let scaled = Guarded(values.indices.map { values[$0] * numbers[$0 % s.inputChannels] })
    let x = Guarded(values), factors = Guarded(numbers), bias = Guarded(random.floats(filters))
    let w = Guarded(random.floats(filters * s.inputChannels))
    let packed = PackedConvolution(w.pointer, shape: s, instructionSet: set)
    let operands = EpilogueOperands(bias: bias.pointer)
    defer { withExtendedLifetime(bias) {} }
    let count = s.outputPixels * filters
    let expected = Guarded([Float](repeating: .nan, count: count))
    let whole = Guarded([Float](repeating: .nan, count: count)), parts = Guarded([Float](repeating: .nan, count: count))
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
      plan.run(
        tasks: tasks, x: scaled.pointer, weights: packed, y: expected.pointer, operands: operands, scratch: scratch)
    }
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scaledScratchByteCount) { tasks, scratch in
      plan.runScaled(
        tasks: tasks, by: factors.pointer, x: x.pointer, weights: packed, y: whole.pointer, operands: operands,
        scratch: scratch)
    }
    Self.inParts(of: s, scratchByteCount: plan.scaledScratchByteCount) { _, rows, scratch in
      plan.runScaled(
        rows: rows, by: factors.pointer, x: x.pointer, weights: packed, y: parts.pointer, operands: operands,
        scratch: scratch)
    }
    let doubles = expected.array.map(Double.init)
    #expect(distance(whole.array, doubles) < 1e-5 && distance(parts.array, doubles) < 1e-5)
  }

  /// Visits all images, three rows of the result at a time.
  private static func inParts(
    of s: ConvolutionShape, scratchByteCount: Int,
    _ body: (_ image: Int, Range<Int>, UnsafeMutableRawPointer) -> Void
  ) {
    ConvolutionTests.run(taskCount: 1, scratchByteCount: scratchByteCount) { _, scratch in
      for image in 0..<s.batch {
        for begin in stride(from: 0, to: s.output[0], by: 3) {
          body(image, begin..<min(begin + 3, s.output[0]), scratch)
        }
      }
    }
  }
}
