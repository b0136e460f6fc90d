import HoneIR
import HoneKernels

extension NHWCConv {
  /// The kernel for bfloat16 data.
  func narrowKernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(NHWC.toFirst(try call.sizes(0)), try call.sizes(1), group: group, call)
    if sizes.isEmpty || sizes.channels == 0 { throw GraphError(.unsupported, "has no kernel for empty operands") }
    let shape = sizes.channelsLast(batch: sizes.batch)
    let type = HalfOrFloat(try call.result().element)
    let plan = BFloat16Convolution(shape, yType: type, epilogue: Epilogue(activation: try parsedActivation()))
    let weights = try call.requireKnown(1, "the weights")
    let layout = "bfloat16 convolution, groups \(shape.groups), channels \(shape.inputChannels)"
    let packed = try call.weights.packed(weights, layout: layout) { tensor throws(GraphError) in
      tensor.withBytes { PackedBFloat16Convolution($0.baseAddress!, shape: shape) }
    }
    let (hasBias, hasResidual) = (call.has(2), call.has(3))
    if hasResidual, try call.tensor(3) != call.result() {
      throw GraphError(.type, "the residual must have the type of the result: \(try call.tensor(3))")
    }
    @Sendable func operands(_ frame: borrowing Frame) -> EpilogueOperands {
      var operands = EpilogueOperands(bias: hasBias ? frame.operand(2, as: Float.self) : nil)
      if hasResidual, type == .bfloat16 { operands.narrowResidual = frame.operand(3, as: UInt16.self) }
      if hasResidual, type == .float32 { operands.residual = frame.operand(3, as: Float.self) }
      return operands
    }
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount, overwrites: hasResidual ? [0: 3] : [:]) {
      frame, range in
      plan.run(
        tasks: range, x: frame.operand(0, as: UInt16.self), weights: packed, y: frame.resultBytes(),
        operands: operands(frame), scratch: frame.scratch)
    }
    .absorbing(1)
    .byRows(
      plan.computesRows
        ? shape.rows(residual: hasResidual ? 3 : nil) { frame, image, rows in
          plan.run(
            rows: rows, image: image, x: frame.operand(0, as: UInt16.self), weights: packed, y: frame.resultBytes(),
            operands: operands(frame), scratch: frame.scratch)
        } : nil)
  }
}

extension HalfOrFloat {
  /// bfloat16, or fp32 for anything else.
  init(_ element: ElementType) { self = element == .bfloat16 ? .bfloat16 : .float32 }
}
