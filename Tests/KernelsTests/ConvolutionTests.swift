import HoneKernels
import Testing

struct ConvolutionTests {
  static let shapes: [ConvolutionShape] = [
    ConvolutionShape(batch: 2, inputChannels: 8, outputChannels: 70, input: [9, 7], kernel: [1, 1]),
    ConvolutionShape(inputChannels: 5, outputChannels: 3, input: [6, 6], kernel: [1, 1], strides: [2, 2]),
    ConvolutionShape(inputChannels: 16, outputChannels: 24, input: [11, 13], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(batch: 3, inputChannels: 1, outputChannels: 11, input: [12, 13], kernel: [5, 5]),
    ConvolutionShape(
      batch: 2, inputChannels: 1, outputChannels: 16, input: [9, 9], kernel: [3, 3], strides: [2, 2],
      padsBegin: [1, 1]),
    ConvolutionShape(
      batch: 2, inputChannels: 3, outputChannels: 7, input: [8, 10], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      batch: 2, inputChannels: 3, outputChannels: 17, input: [23, 19], kernel: [7, 7], strides: [2, 2],
      padsBegin: [3, 3]),
    ConvolutionShape(
      inputChannels: 1, outputChannels: 65, input: [12, 31], kernel: [3, 5], strides: [1, 3], padsBegin: [0, 2],
      padsEnd: [2, 1]),
    ConvolutionShape(
      batch: 2, inputChannels: 3, outputChannels: 24, input: [7, 39], kernel: [3, 3], strides: [2, 2],
      padsBegin: [1, 1]),
    ConvolutionShape(inputChannels: 1, outputChannels: 20, input: [9, 22], kernel: [5, 5], padsBegin: [1, 2]),
    ConvolutionShape(
      inputChannels: 4, outputChannels: 8, input: [14, 9], kernel: [3, 3], dilations: [2, 2], padsBegin: [2, 2]),
    ConvolutionShape(
      inputChannels: 12, outputChannels: 18, groups: 3, input: [8, 8], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 6, outputChannels: 12, groups: 6, input: [5, 5], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      batch: 2, inputChannels: 21, outputChannels: 21, groups: 21, input: [9, 10], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 80, outputChannels: 80, groups: 80, input: [9, 10], kernel: [3, 3], strides: [2, 2],
      padsBegin: [0, 0], padsEnd: [1, 1]),
    ConvolutionShape(
      inputChannels: 64, outputChannels: 64, groups: 64, input: [7, 12], kernel: [5, 5], padsBegin: [2, 2]),
    ConvolutionShape(
      inputChannels: 96, outputChannels: 96, groups: 96, input: [5, 19], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 16, outputChannels: 16, groups: 16, input: [6, 37], kernel: [5, 5], strides: [2, 2],
      padsBegin: [2, 2]),
    ConvolutionShape(
      inputChannels: 144, outputChannels: 144, groups: 144, input: [4, 21], kernel: [3, 3], strides: [1, 2],
      padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 102, outputChannels: 102, groups: 102, input: [6, 11], kernel: [5, 5], strides: [2, 2],
      padsBegin: [2, 2]),
    ConvolutionShape(inputChannels: 96, outputChannels: 130, input: [7, 7], kernel: [1, 1]),
    ConvolutionShape(inputChannels: 32, outputChannels: 40, input: [9, 9], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 33, outputChannels: 33, groups: 33, input: [9, 9], kernel: [3, 3], dilations: [2, 2],
      padsBegin: [2, 2]),
    ConvolutionShape(inputChannels: 7, outputChannels: 9, input: [20], kernel: [5], strides: [2], padsBegin: [2]),
    ConvolutionShape(inputChannels: 1, outputChannels: 4, input: [50], kernel: [11], padsBegin: [5]),
    ConvolutionShape(
      inputChannels: 4, outputChannels: 5, input: [4, 5, 6], kernel: [2, 3, 3], padsBegin: [0, 1, 1]),
    ConvolutionShape(inputChannels: 200, outputChannels: 16, input: [4, 4], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 8, outputChannels: 6, input: [5, 5], kernel: [3, 3], padsBegin: [1, 1], inputStride: 11,
      outputStride: 13),
    ConvolutionShape(
      inputChannels: 20, outputChannels: 20, groups: 20, input: [5, 5], kernel: [3, 3], padsBegin: [1, 1],
      inputStride: 23, outputStride: 31),
    ConvolutionShape(inputChannels: 3, outputChannels: 32, input: [3, 3], kernel: [3, 3], padsBegin: [2, 2]),
    ConvolutionShape(
      inputChannels: 48, outputChannels: 48, groups: 48, input: [19, 23], kernel: [3, 3], strides: [2, 2],
      padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 37, outputChannels: 37, groups: 37, input: [8, 30], kernel: [7, 7], padsBegin: [3, 3]),
    ConvolutionShape(
      inputChannels: 16, outputChannels: 16, groups: 16, input: [30], kernel: [5], strides: [2], padsBegin: [2]),
    ConvolutionShape(
      batch: 2, inputChannels: 16, outputChannels: 16, groups: 16, input: [6, 6], kernel: [4, 4], strides: [3, 3],
      padsBegin: [1, 1]),
    ConvolutionShape(inputChannels: 6, outputChannels: 6, groups: 6, input: [3, 3, 3], kernel: [3, 3, 3]),
    ConvolutionShape(inputChannels: 1, outputChannels: 1, input: [300], kernel: [70], strides: [2]),
    ConvolutionShape(
      batch: 2, inputChannels: 8, outputChannels: 8, input: [9, 30], kernel: [3, 13], padsBegin: [1, 6]),
    ConvolutionShape(inputChannels: 33, outputChannels: 1, input: [12, 9], kernel: [7, 3], padsBegin: [3, 1]),
    ConvolutionShape(inputChannels: 70, outputChannels: 3, input: [7, 9], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(batch: 2, inputChannels: 50, outputChannels: 7, input: [5, 5], kernel: [1, 1]),
    ConvolutionShape(
      batch: 2, inputChannels: 40, outputChannels: 2, input: [8, 7], kernel: [3, 3], strides: [2, 2],
      dilations: [2, 2], padsBegin: [2, 2], inputStride: 43, outputStride: 5),
    ConvolutionShape(
      batch: 2, inputChannels: 3, outputChannels: 5, input: [9, 4], kernel: [3, 9], strides: [2, 1], dilations: [2, 1],
      padsBegin: [1, 4], inputStride: 5),
  ]

  /// The floats of x or y that belong to the last position and reach no further than its channels.
  static func count(_ pixels: Int, _ stride: Int, _ channels: Int) -> Int { (pixels - 1) * stride + channels }

  static func run(taskCount: Int, scratchByteCount: Int, _ body: (Range<Int>, UnsafeMutableRawPointer) -> Void) {
    let cut = taskCount / 3
    for range in [cut..<taskCount, 0..<cut] {
      let scratch = Guarded([UInt8](repeating: 0xff, count: (scratchByteCount + 63) / 64 * 64))
      body(range, UnsafeMutableRawPointer(scratch.pointer))
    }
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `convolutions match the definition and stay in their operands`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(UInt64(s.taps * 100 + s.inputChannels))
    for side in [Guarded<Float>.Side.before, .after] {
      let xCount = Self.count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)
      let yCount = Self.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
      let x = Guarded(random.floats(xCount), side)
      let w = Guarded(random.floats(s.outputChannels * s.inputChannelsPerGroup * s.taps), side)
      let bias = Guarded(random.floats(s.outputChannels), side), residual = Guarded(random.floats(yCount), side)
      let y = Guarded([Float](repeating: 7, count: yCount), side)
      let plan = Convolution(s, epilogue: Epilogue(activation: .leakyRelu(slope: 0.5)), instructionSet: set)
      let packed = PackedConvolution(w.pointer, shape: s, instructionSet: set)
      Self.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, x: x.pointer, weights: packed, y: y.pointer,
          operands: EpilogueOperands(bias: bias.pointer, residual: residual.pointer), scratch: scratch)
      }
      let sums = convolve(
        s, x: { Double(x.pointer[($0 * s.inputPixels + $1) * s.inputStride + $2]) },
        w: { Double(w.pointer[($0 * s.inputChannelsPerGroup + $1) * s.taps + $2]) })
      var result: [Float] = [], expected: [Double] = []
      for (index, sum) in sums.enumerated() {
        let (row, channel) = index.quotientAndRemainder(dividingBy: s.outputChannels)
        let at = row * s.outputStride + channel
        result.append(y.pointer[at])
        expected.append(Activation.leakyRelu(slope: 0.5)(sum + Double(bias.pointer[channel] + residual.pointer[at])))
      }
      #expect(distance(result, expected) < 2e-5)
      let between = (0..<yCount).filter { $0 % s.outputStride >= s.outputChannels }
      #expect(between.allSatisfy { y.pointer[$0] == 7 }, "wrote between positions")
    }
  }

  @Test(arguments: InstructionSet.available, shapes.filter(\.readsPlanes))
  func `images may come channels first`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(UInt64(s.taps))
    for side in [Guarded<Float>.Side.before, .after] {
      let values = random.floats(s.batch * s.inputPixels * s.inputChannels)
      let x = Guarded(values, side)
      let w = Guarded(random.floats(s.outputChannels * s.inputChannels * s.taps), side)
      let yCount = Self.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
      let y = Guarded([Float](repeating: 7, count: yCount), side)
      let plan = Convolution(s, planes: true, instructionSet: set)
      let packed = PackedConvolution(w.pointer, shape: s, method: .direct, instructionSet: set)
      Self.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(tasks: tasks, x: x.pointer, weights: packed, y: y.pointer, scratch: scratch)
      }
      let sums = convolve(
        s, x: { Double(values[($0 * s.inputChannels + $2) * s.inputPixels + $1]) },
        w: { Double(w.pointer[($0 * s.inputChannels + $1) * s.taps + $2]) })
      let result = sums.indices.map { y.pointer[$0 / s.outputChannels * s.outputStride + $0 % s.outputChannels] }
      #expect(distance(result, sums) < 2e-5)
    }
  }

  /// Square windows over images of at least four columns, as bodies for several rows at once take.
  static let depthwise: [ConvolutionShape] = [(3, 1), (3, 2), (5, 1), (5, 2), (7, 1)].flatMap { size, stride in
    [(4, 4), (5, 9), (7, 7), (10, 6), (11, 17)].map { height, width in
      ConvolutionShape(
        batch: 2, inputChannels: 35, outputChannels: 35, groups: 35, input: [height * stride, width * stride],
        kernel: [size, size], strides: [stride, stride], padsBegin: [size / 2, width % 2 * (size / 2)],
        padsEnd: [size / 2, size - 1])
    }
  }

  @Test(arguments: InstructionSet.available, depthwise)
  func `depthwise tiles match the definition and stay in their operands`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(UInt64(s.taps * 100 + s.outputPixels))
    for (side, activation) in [(Guarded<Float>.Side.before, Activation.silu), (.after, .clip(min: 0, max: 2))] {
      let x = Guarded(random.floats(s.batch * s.inputPixels * s.inputChannels), side)
      let w = Guarded(random.floats(s.outputChannels * s.taps), side),
        bias = Guarded(random.floats(s.outputChannels), side)
      let y = Guarded([Float](repeating: 7, count: s.batch * s.outputPixels * s.outputChannels), side)
      let plan = Convolution(s, epilogue: Epilogue(activation: activation), instructionSet: set)
      let packed = PackedConvolution(w.pointer, shape: s, instructionSet: set)
      Self.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, x: x.pointer, weights: packed, y: y.pointer, operands: EpilogueOperands(bias: bias.pointer),
          scratch: scratch)
      }
      let sums = convolve(
        s, x: { Double(x.pointer[($0 * s.inputPixels + $1) * s.inputStride + $2]) },
        w: { Double(w.pointer[($0 * s.inputChannelsPerGroup + $1) * s.taps + $2]) })
      let expected = sums.enumerated().map { activation($1 + Double(bias.pointer[$0 % s.outputChannels])) }
      #expect(distance(y.array, expected) < 2e-5)
    }
  }

  @Test(arguments: shapes + depthwise)
  func `rows computed alone are those of the whole`(s: ConvolutionShape) {
    var random = Random(UInt64(s.taps * 100 + s.inputChannels))
    let plan = Convolution(s, epilogue: Epilogue(activation: .relu), method: .direct)
    guard plan.computesRows else { return #expect(s.output.count != 2) }
    let x = Guarded(random.floats(Self.count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)))
    let w = Guarded(random.floats(s.outputChannels * s.inputChannelsPerGroup * s.taps))
    let bias = Guarded(random.floats(s.outputChannels))
    let packed = PackedConvolution(w.pointer, shape: s, method: .direct)
    let yCount = Self.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
    let whole = Guarded([Float](repeating: 7, count: yCount)), parts = Guarded([Float](repeating: 7, count: yCount))
    let operands = EpilogueOperands(bias: bias.pointer)
    defer { withExtendedLifetime(bias) {} }
    Self.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
      plan.run(
        tasks: tasks, x: x.pointer, weights: packed, y: whole.pointer, operands: operands, scratch: scratch)
    }
    Self.run(taskCount: 1, scratchByteCount: plan.scratchByteCount) { _, scratch in
      for image in 0..<s.batch {
        for begin in stride(from: 0, to: s.output[0], by: 3) {
          plan.run(
            rows: begin..<min(begin + 3, s.output[0]), image: image, x: x.pointer, weights: packed, y: parts.pointer,
            operands: operands, scratch: scratch)
        }
      }
    }
    #expect(distance(parts.array, whole.array.map(Double.init)) < 1e-5)
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `integer convolutions are exact for all types and zero points`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(UInt64(s.taps * 100 + s.inputChannels))
    for (xType, wType, hasZeros) in [
      (ByteType.uint8, ByteType.int8, false), (.int8, .int8, false), (.uint8, .uint8, true), (.int8, .uint8, true),
    ] {
      let xCount = Self.count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)
      let yCount = Self.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
      let x = Guarded(random.bytes(xCount)), y = Guarded([Int32](repeating: 7, count: yCount))
      let w = Guarded(random.bytes(s.outputChannels * s.inputChannelsPerGroup * s.taps))
      let xZero = random.int32s(1, IntegerMatrixProductTests.zeros(xType))[0]
      let wZeros = hasZeros ? random.int32s(s.outputChannels, IntegerMatrixProductTests.zeros(wType)) : nil
      let plan = IntegerConvolution(
        s, xType: xType, epilogue: IntegerEpilogue(result: .int32), instructionSet: set)
      let packed = PackedIntegerConvolution(w.pointer, shape: s, type: wType, zeros: wZeros, instructionSet: set)
      Self.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(tasks: tasks, x: x.pointer, xZero: xZero, weights: packed, y: y.pointer, scratch: scratch)
      }
      let expected: [Int32] = convolve(
        s,
        x: {
          IntegerMatrixProductTests.value(x.pointer[($0 * s.inputPixels + $1) * s.inputStride + $2], xType) - xZero
        },
        w: {
          IntegerMatrixProductTests.value(w.pointer[($0 * s.inputChannelsPerGroup + $1) * s.taps + $2], wType)
            - (wZeros?[$0] ?? 0)
        })
      let result = expected.indices.map { y.pointer[$0 / s.outputChannels * s.outputStride + $0 % s.outputChannels] }
      #expect(result == expected, "\(xType) \(wType)")
    }
  }

  /// Bytes of a convolution with everything random, all operands guarded.
  static func quantized(
    _ s: ConvolutionShape, _ set: InstructionSet, _ xType: ByteType, _ result: ByteType, _ activation: Activation
  ) -> [UInt8] {
    var random = Random(4)
    let x = Guarded(random.bytes(count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)))
    let y = Guarded([UInt8](repeating: 7, count: count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)))
    let w = Guarded(random.bytes(s.outputChannels * s.inputChannelsPerGroup * s.taps))
    let scale = Guarded(random.floats(s.outputChannels, 1e-5...1e-4)), bias = Guarded(random.floats(s.outputChannels))
    let integerBias = Guarded(random.int32s(s.outputChannels, -5000...5000))
    let plan = IntegerConvolution(
      s, xType: xType,
      epilogue: IntegerEpilogue(
        result: .quantized(result, scale: 50, zero: 20), activation: activation, scalePerColumn: true),
      instructionSet: set)
    let packed = PackedIntegerConvolution(w.pointer, shape: s, instructionSet: set)
    run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
      plan.run(
        tasks: tasks, x: x.pointer, xZero: 77, weights: packed, y: y.pointer,
        operands: IntegerEpilogueOperands(
          scale: scale.pointer, integerBias: integerBias.pointer, bias: bias.pointer),
        scratch: scratch)
    }
    return y.array
  }

  @Test(arguments: shapes)
  func `quantized convolutions have the same bits on every instruction set`(s: ConvolutionShape) {
    for activation in [Activation.silu, .relu, .none] {
      for (xType, result) in [(ByteType.uint8, ByteType.uint8), (.int8, .uint8), (.uint8, .int8)] {
        let expected = Self.quantized(s, InstructionSet.available.last!, xType, result, activation)
        for set in InstructionSet.available.dropLast() {
          #expect(
            Self.quantized(s, set, xType, result, activation) == expected, "\(set) \(activation) \(xType) \(result)")
        }
      }
    }
  }
}
