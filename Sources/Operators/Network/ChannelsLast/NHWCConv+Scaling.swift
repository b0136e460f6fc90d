import HoneIR
import HoneKernels

extension NHWCConv {
  /// Whether a convolution of fp32 images of so many positions with weights of these sizes had better take factors of its
  /// input's channels into its weights: the positions are many more than the weights of a channel.
  public func scalesWeights(_ weights: [Int], positions: Int) -> Bool {
    guard weights.count > 2, group == 1, !planes, to == nil, weights[2...].allSatisfy({ $0 == 1 }),
      strides.allSatisfy({ $0 == 1 }), pads.allSatisfy({ $0 == 0 }), positions >= 8 * weights[0]
    else { return false }
    let window = Array(repeating: 1, count: weights.count - 2)
    return Convolution(
      ConvolutionShape(
        inputChannels: weights[1], outputChannels: weights[0], input: window, kernel: window, output: window)
    ).scalesWeights
  }

  /// The kernel for an input that operand 4 multiplies, image by image.
  func scaledKernel(_ call: Call, _ sizes: ConvolutionSizes, _ whole: Convolution) throws(GraphError) -> Kernel {
    let (shape, plan) = (whole.shape, Convolution(sizes.channelsLast(batch: 1), epilogue: whole.epilogue))
    let factors = try call.sizes(4)
    guard plan.scalesWeights,
      factors == [shape.batch] + shape.input.map({ _ in 1 }) + [shape.inputChannels]
    else { throw GraphError(.unsupported, "has no kernel for factors \(factors)") }
    let packed = try packedWeights(call, call.requireKnown(1, "the weights"), plan)
    let (hasBias, hasResidual) = (call.has(2), call.has(3))
    let inputs = shape.inputPixels * shape.inputChannels, outputs = shape.outputPixels * shape.outputChannels
    let count = plan.taskCount
    @Sendable func operands(_ frame: borrowing Frame, _ image: Int) -> EpilogueOperands {
      EpilogueOperands(
        bias: hasBias ? frame.operand(2, as: Float.self) : nil,
        residual: hasResidual ? frame.operand(3, as: Float.self) + image * outputs : nil)
    }
    return Kernel(
      tasks: shape.batch * count, scratch: plan.scaledScratchByteCount, overwrites: hasResidual ? [0: 3] : [:]
    ) { frame, range in
      var task = range.lowerBound
      while task < range.upperBound {
        let (image, first) = task.quotientAndRemainder(dividingBy: count)
        let last = min(count, first + range.upperBound - task)
        plan.runScaled(
          tasks: first..<last, by: frame.operand(4, as: Float.self) + image * shape.inputChannels,
          x: frame.operand(0, as: Float.self) + image * inputs, weights: packed,
          y: frame.result(0, as: Float.self) + image * outputs, operands: operands(frame, image),
          scratch: frame.scratch)
        task += last - first
      }
    }
    .absorbing(1)
    .byRows(
      plan.computesRows
        ? shape.rows(residual: hasResidual ? 3 : nil) { frame, image, rows in
          plan.runScaled(
            rows: rows, by: frame.operand(4, as: Float.self) + image * shape.inputChannels,
            x: frame.operand(0, as: Float.self) + image * inputs, weights: packed,
            y: frame.result(0, as: Float.self) + image * outputs, operands: operands(frame, image),
            scratch: frame.scratch)
        } : nil)
  }
}
