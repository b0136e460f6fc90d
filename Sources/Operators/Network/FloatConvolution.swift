import HoneIR
import HoneKernels

/// The fp32 convolution of channels-first operands x, w and perhaps a bias.
func floatConvolution(
  _ call: Call, _ sizes: ConvolutionSizes, bias: Int?, activation: Activation = .none
) throws(GraphError) -> Kernel {
  let isEmpty = sizes.isEmpty || sizes.channels == 0
  if sizes.isPointwise && !isEmpty { return pointwiseConvolution(sizes, bias: bias, activation) }
  guard !isEmpty, let weights = call.known(1) else {
    guard activation == .none else { throw GraphError(.unsupported, "has no kernel for weights that are no constants") }
    return directConvolution(sizes, bias: bias, Float.self)
  }
  let shape = sizes.channelsLast(batch: 1)
  let plan = Convolution(
    shape, epilogue: Epilogue(activation: activation), method: racedMethod(call, shape, weights))
  let packed = try packedWeights(call, weights, plan)
  return throughChannelsLast(sizes, xBytes: 4, yBytes: 4, scratch: plan.scratchByteCount) { frame, x, y, scratch in
    plan.run(
      tasks: 0..<plan.taskCount, x: x.assumingMemoryBound(to: Float.self), weights: packed,
      y: y.assumingMemoryBound(to: Float.self),
      operands: EpilogueOperands(bias: bias.map { frame.operand($0, as: Float.self) }), scratch: scratch)
  }
  .absorbing(1)
}

/// `[M × C] · [C × positions]` for each image.
private func pointwiseConvolution(_ sizes: ConvolutionSizes, bias: Int?, _ activation: Activation) -> Kernel {
  let positions = sizes.window.inputCount
  let product = MatrixProduct(
    m: sizes.filters, n: positions, k: sizes.channels, epilogue: Epilogue(activation: activation),
    batch: .init(
      count: sizes.batch, aStride: 0, bStride: sizes.channels * positions, cStride: sizes.filters * positions))
  return Kernel(tasks: product.taskCount, scratch: product.scratchByteCount) { frame, range in
    product.run(
      tasks: range, a: frame.operand(1, as: Float.self), b: frame.operand(0, as: Float.self),
      c: frame.result(0, as: Float.self),
      operands: EpilogueOperands(rowBias: bias.map { frame.operand($0, as: Float.self) }), scratch: frame.scratch)
  }
}
