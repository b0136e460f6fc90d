import HoneKernels
import Testing

struct WinogradTests {
  /// Sizes that end within a tile, images smaller than one, padding on some sides only, channels that end within a vector or
  /// fill several panels, positions apart, and more tiles than a block holds.
  static let shapes: [ConvolutionShape] = [
    ConvolutionShape(inputChannels: 16, outputChannels: 24, input: [11, 13], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      batch: 3, inputChannels: 5, outputChannels: 3, input: [4, 8], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(inputChannels: 1, outputChannels: 65, input: [3, 3], kernel: [3, 3]),
    ConvolutionShape(
      batch: 2, inputChannels: 33, outputChannels: 70, input: [1, 2], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(
      inputChannels: 8, outputChannels: 150, input: [9, 6], kernel: [3, 3], padsBegin: [0, 2], padsEnd: [1, 0]),
    ConvolutionShape(inputChannels: 3, outputChannels: 4, input: [3, 3], kernel: [3, 3], padsBegin: [2, 2]),
    ConvolutionShape(
      batch: 2, inputChannels: 12, outputChannels: 6, input: [6, 7], kernel: [3, 3], padsBegin: [1, 1], inputStride: 17,
      outputStride: 13),
    ConvolutionShape(
      batch: 2, inputChannels: 20, outputChannels: 17, input: [41, 30], kernel: [3, 3], padsBegin: [1, 1]),
    ConvolutionShape(inputChannels: 4, outputChannels: 4, input: [7, 7], kernel: [3, 3], padsBegin: [4, 5]),
  ]

  struct Operands {
    let x: Guarded<Float>
    let w: Guarded<Float>
    let bias: Guarded<Float>
    let residual: Guarded<Float>
    let y: Guarded<Float>

    init(_ s: ConvolutionShape, _ side: Guarded<Float>.Side) {
      var random = Random(UInt64(s.inputChannels * 100 + s.outputChannels))
      let count = ConvolutionTests.count
      x = Guarded(random.floats(count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)), side)
      w = Guarded(random.floats(s.outputChannels * s.inputChannels * 9), side)
      bias = Guarded(random.floats(s.outputChannels), side)
      let yCount = count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
      residual = Guarded(random.floats(yCount), side)
      y = Guarded([Float](repeating: 7, count: yCount), side)
    }
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `tiles of both sizes match the definition and stay in their operands`(set: InstructionSet, s: ConvolutionShape) {
    for (tile, side, activation) in [
      (2, Guarded<Float>.Side.before, Activation.leakyRelu(slope: 0.5)), (2, .after, .clip(min: -1, max: 1.5)),
      (4, .before, .none), (4, .after, .sigmoid),
    ] {
      let operands = Operands(s, side)
      let plan = Convolution(
        s, epilogue: Epilogue(activation: activation), method: .winograd(tile: tile), instructionSet: set)
      let packed = PackedConvolution(
        operands.w.pointer, shape: s, method: .winograd(tile: tile), instructionSet: set)
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, x: operands.x.pointer, weights: packed, y: operands.y.pointer,
          operands: EpilogueOperands(bias: operands.bias.pointer, residual: operands.residual.pointer),
          scratch: scratch)
      }
      let sums = convolve(
        s, x: { Double(operands.x.pointer[($0 * s.inputPixels + $1) * s.inputStride + $2]) },
        w: { Double(operands.w.pointer[($0 * s.inputChannels + $1) * 9 + $2]) })
      var result: [Float] = [], expected: [Double] = []
      for (index, sum) in sums.enumerated() {
        let (row, channel) = index.quotientAndRemainder(dividingBy: s.outputChannels)
        let at = row * s.outputStride + channel
        result.append(operands.y.pointer[at])
        expected.append(activation(sum + Double(operands.bias.pointer[channel] + operands.residual.pointer[at])))
      }
      #expect(distance(result, expected) < 4e-5, "tile \(tile)")
      let between = (0..<operands.y.count).filter { $0 % s.outputStride >= s.outputChannels }
      #expect(between.allSatisfy { operands.y.pointer[$0] == 7 }, "wrote between positions")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `a residual may be the result, and no division into tasks changes a bit`(set: InstructionSet) {
    let s = ConvolutionShape(
      batch: 2, inputChannels: 24, outputChannels: 140, input: [21, 22], kernel: [3, 3], padsBegin: [1, 1])
    for tile in [2, 4] {
      let operands = Operands(s, .after)
      let plan = Convolution(s, method: .winograd(tile: tile), instructionSet: set)
      let packed = PackedConvolution(operands.w.pointer, shape: s, method: .winograd(tile: tile), instructionSet: set)
      #expect(plan.taskCount > 3)
      func result(parts: Int) -> [Float] {
        let y = Guarded(operands.residual.array)
        for part in (0..<parts).reversed() {
          let scratch = Guarded([UInt8](repeating: 0xff, count: plan.scratchByteCount))
          plan.run(
            tasks: plan.taskCount * part / parts..<plan.taskCount * (part + 1) / parts, x: operands.x.pointer,
            weights: packed, y: y.pointer, operands: EpilogueOperands(residual: UnsafePointer(y.pointer)),
            scratch: scratch.pointer)
        }
        return y.array
      }
      let whole = result(parts: 1)
      #expect(result(parts: 2) == whole)
      #expect(result(parts: plan.taskCount) == whole)
      let sums = convolve(
        s, x: { Double(operands.x.pointer[($0 * s.inputPixels + $1) * s.inputChannels + $2]) },
        w: { Double(operands.w.pointer[($0 * s.inputChannels + $1) * 9 + $2]) })
      let expected = zip(sums, operands.residual.array).map { $0 + Double($1) }
      #expect(distance(whole, expected) < 4e-5)
    }
  }

  @Test
  func `rounding stays near that of direct sums`() {
    let s = ConvolutionShape(
      inputChannels: 256, outputChannels: 64, input: [16, 16], kernel: [3, 3], padsBegin: [1, 1])
    var random = Random(3)
    let x = random.floats(s.inputPixels * 256).map { max($0, 0) }, w = random.floats(64 * 256 * 9)
    let sums = convolve(s, x: { Double(x[$1 * 256 + $2]) }, w: { Double(w[($0 * 256 + $1) * 9 + $2]) })
    let scale = sums.map { abs($0) }.max()!
    for (tile, bound) in [(2, 2e-6), (4, 6e-6)] {
      let plan = Convolution(s, method: .winograd(tile: tile))
      let packed = w.withUnsafeBytes {
        PackedConvolution($0.baseAddress!, shape: s, method: .winograd(tile: tile))
      }
      let scratch = Guarded([UInt8](repeating: 0, count: plan.scratchByteCount))
      let y = Guarded([Float](repeating: 0, count: s.outputPixels * 64))
      x.withUnsafeBufferPointer {
        plan.run(
          tasks: 0..<plan.taskCount, x: $0.baseAddress!, weights: packed, y: y.pointer, scratch: scratch.pointer)
      }
      #expect(zip(y.array, sums).map { abs(Double($0) - $1) }.max()! < bound * scale)
    }
  }

  @Test(arguments: InstructionSet.available)
  func `wide layers of dense windows are filtered minimally, others directly`(set: InstructionSet) {
    func method(_ channels: Int, _ size: Int, strides: Int = 1, dilations: Int = 1, groups: Int = 1)
      -> ConvolutionMethod
    {
      ConvolutionMethod.best(
        for: ConvolutionShape(
          inputChannels: channels, outputChannels: channels, groups: groups, input: [size, size], kernel: [3, 3],
          strides: [strides, strides], dilations: [dilations, dilations], padsBegin: [1, 1]),
        instructionSet: set)
    }
    #expect(method(64, 56) == .winograd(tile: 4))
    #expect(method(128, 28) == .winograd(tile: 4))
    // Few positions: reading four times as many would take longer than it saves.
    if set.lanes == 16 { #expect(method(512, 7) == .winograd(tile: 2)) }
    #expect(method(3, 56) == .direct)
    #expect(method(64, 56, strides: 2) == .direct)
    #expect(method(64, 56, dilations: 2) == .direct)
    #expect(method(64, 56, groups: 2) == .direct)
    #expect(method(64, 1) == .direct)
  }
}
