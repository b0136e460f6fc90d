import HoneIR
import HoneKernels

/// Runs `body` on an image at a time, its operand 0 and result turned to channels-last and back.
func throughChannelsLast(
  _ sizes: ConvolutionSizes, xBytes: Int, yBytes: Int, scratch: Int,
  _ body:
    @escaping @Sendable (borrowing Frame, UnsafeRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
) -> Kernel {
  let (inputs, outputs) = (sizes.window.inputCount, sizes.window.outputCount)
  let toLast = Transposition.toChannelsLast(
    batch: 1, channels: sizes.channels, positions: inputs, elementByteCount: xBytes)
  let toFirst = Transposition.toChannelsFirst(
    batch: 1, channels: sizes.filters, positions: outputs, elementByteCount: yBytes)
  let (inputBytes, outputBytes) = (sizes.channels * inputs * xBytes, sizes.filters * outputs * yBytes)
  let (inputRoom, outputRoom) = ((inputBytes + 63) / 64 * 64, (outputBytes + 63) / 64 * 64)
  return Kernel(tasks: sizes.batch, scratch: inputRoom + outputRoom + scratch) { frame, range in
    let x = frame.scratch
    let y = x + inputRoom
    for image in range {
      toLast.run(tasks: 0..<toLast.taskCount, x: frame.operandBytes(0) + image * inputBytes, y: x)
      body(frame, x, y, y + outputRoom)
      toFirst.run(tasks: 0..<toFirst.taskCount, x: y, y: frame.resultBytes() + image * outputBytes)
    }
  }
}

/// The form of an fp32 convolution with `weights` that wins a race, if the call allows one; nil leaves the choice to the
/// model of costs.
func racedMethod(_ call: Call, _ shape: ConvolutionShape, _ weights: Tensor) -> ConvolutionMethod? {
  guard let budget = call.race else { return nil }
  let limit = budget.remaining
  return budget.spend {
    weights.withBytes {
      ConvolutionRace.method(for: shape, threads: call.threads, weights: $0.baseAddress!, within: limit)
    }
  }
}

/// fp32 weights in the layout of `plan`.
func packedWeights(_ call: Call, _ weights: Tensor, _ plan: Convolution) throws(GraphError) -> PackedConvolution {
  let (shape, method) = (plan.shape, plan.method)
  let layout = "convolution, groups \(shape.groups), channels \(shape.inputChannels), \(method)"
  return try call.weights.packed(weights, layout: layout) { tensor throws(GraphError) in
    tensor.withBytes { PackedConvolution($0.baseAddress!, shape: shape, method: method) }
  }
}
