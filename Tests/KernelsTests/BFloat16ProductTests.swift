import HoneKernels
import Testing

/// The nearest bfloat16 as its bits, and back.
func bfloat16(_ x: Float) -> UInt16 {
  let bits = x.bitPattern
  return x.isNaN ? UInt16(bits >> 16) | 0x40 : UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16 & 1)) >> 16)
}
func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

struct BFloat16ProductTests {
  @Test(arguments: InstructionSet.available, [HalfOrFloat.bfloat16, .float32])
  func `products match those of rounded operands`(set: InstructionSet, types: HalfOrFloat) {
    for (m, n, k) in [
      (1, 1, 1), (1, 64, 100), (2, 17, 5), (7, 63, 33), (13, 65, 3), (50, 200, 19), (61, 48, 128), (3, 9, 0),
    ] {
      for transposed in [false, true] {
        var random = Random(UInt64(m + n + k))
        let cType = transposed ? HalfOrFloat.bfloat16 : .float32
        let a = random.floats(m * k), b = Guarded(random.floats(k * n)), bias = Guarded(random.floats(n))
        let floats = Guarded(a), halves = Guarded(a.map(bfloat16))
        let residual = Guarded(random.floats(m * n)), hasResidual = m % 2 == 0
        let c = Guarded([UInt8](repeating: 0xff, count: m * n * (cType == .bfloat16 ? 2 : 4)))
        let plan = BFloat16Product(
          m: m, n: n, k: k, aType: types, cType: cType, epilogue: Epilogue(alpha: 0.5, activation: .relu),
          instructionSet: set)
        let packed = PackedBFloat16Matrix(b.pointer, k: k, n: n, transposed: transposed, instructionSet: set)
        ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
          plan.run(
            tasks: tasks, a: types == .bfloat16 ? UnsafeRawPointer(halves.pointer) : UnsafeRawPointer(floats.pointer),
            b: packed, c: c.pointer,
            operands: EpilogueOperands(
              bias: bias.pointer, residual: hasResidual ? UnsafePointer(residual.pointer) : nil),
            scratch: scratch)
        }
        let expected = MatrixProductTests.reference(
          m, n, k, a: { float(bfloat16(a[$0 * k + $1])) },
          b: { float(bfloat16(b.pointer[transposed ? $1 * k + $0 : $0 * n + $1])) }
        ) { i, j, sum in
          max(0, sum / 2 + Double(bias.pointer[j]) + (hasResidual ? Double(residual.pointer[i * n + j]) : 0))
        }
        let raw = UnsafeRawPointer(c.pointer)
        let result = (0..<m * n).map { i -> Float in
          cType == .bfloat16
            ? float(raw.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
            : raw.loadUnaligned(fromByteOffset: i * 4, as: Float.self)
        }
        #expect(distance(result, expected) < (cType == .bfloat16 ? 4e-3 : 1e-5))
      }
    }
  }

  @Test(arguments: InstructionSet.available, ConvolutionTests.shapes)
  func `convolutions match those of rounded operands`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(5)
    let xCount = ConvolutionTests.count(s.batch * s.inputPixels, s.inputStride, s.inputChannels)
    let yCount = ConvolutionTests.count(s.batch * s.outputPixels, s.outputStride, s.outputChannels)
    let x = Guarded(random.floats(xCount).map(bfloat16)), bias = Guarded(random.floats(s.outputChannels))
    let w = Guarded(random.floats(s.outputChannels * s.inputChannelsPerGroup * s.taps))
    let residual = Guarded(random.floats(yCount).map(bfloat16))
    // Depthwise weights stay fp32.
    let expected = convolve(
      s, x: { Double(float(x.pointer[($0 * s.inputPixels + $1) * s.inputStride + $2])) },
      w: {
        let weight = w.pointer[($0 * s.inputChannelsPerGroup + $1) * s.taps + $2]
        return Double(s.isDepthwise ? weight : float(bfloat16(weight)))
      })
    let places = expected.indices.map { $0 / s.outputChannels * s.outputStride + $0 % s.outputChannels }
    let packed = PackedBFloat16Convolution(w.pointer, shape: s, instructionSet: set)
    if !s.isDepthwise {
      let y = Guarded([Float](repeating: .nan, count: yCount))
      let plan = BFloat16Convolution(s, yType: .float32, instructionSet: set)
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(tasks: tasks, x: x.pointer, weights: packed, y: y.pointer, scratch: scratch)
      }
      #expect(distance(places.map { y.pointer[$0] }, expected) < 1e-5)
    }
    for activation in [Activation.relu, .silu, .gelu, .hardSwish] {
      let y = Guarded([UInt16](repeating: 0x7fc0, count: yCount))
      let plan = BFloat16Convolution(s, epilogue: Epilogue(activation: activation), instructionSet: set)
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, x: x.pointer, weights: packed, y: y.pointer,
          operands: EpilogueOperands(bias: bias.pointer, narrowResidual: residual.pointer), scratch: scratch)
      }
      let activated = expected.indices.map { i in
        activation(
          expected[i] + Double(bias.pointer[i % s.outputChannels]) + Double(float(residual.pointer[places[i]])))
      }
      #expect(distance(places.map { float(y.pointer[$0]) }, activated) < 4e-3)
    }
  }
}
