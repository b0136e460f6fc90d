public import HoneIR
import HoneKernels

extension NHWCTrainedConv: NarrowableProduct {
  public func narrowOperands(_ call: Call) throws(GraphError) -> [Int] {
    let shape = try shape(x: try call.sizes(0), w: try call.sizes(1), call)
    return shape.fillsTiles && BFloat16ConvolutionPacking.suits(shape) ? [0] : []
  }

  public func multiplyAccumulates(_ call: Call) throws(GraphError) -> Int {
    try shape(x: try call.sizes(0), w: try call.sizes(1), call).multiplyAccumulates
  }

  /// The kernel for bfloat16 x.
  func narrowKernel(_ call: Call) throws(GraphError) -> Kernel {
    try requireNarrow(call, .float32)
    let plan = BFloat16Convolution(try shape(x: try call.sizes(0), w: try call.sizes(1), call), yType: .float32)
    let hasBias = call.has(2)
    return plan.kernel(.forward) { frame in
      EpilogueOperands(bias: hasBias ? frame.operand(2, as: Float.self) : nil)
    }
  }
}

extension NHWCConvInputGradient: NarrowableProduct {
  public func narrowOperands(_ call: Call) throws(GraphError) -> [Int] {
    let shape = try shape(x: try call.resultSizes(), w: try call.sizes(1), call)
    guard shape.fillsTiles, !shape.isDepthwise else { return [] }
    return BFloat16Convolution.inputGradient(of: shape) != nil || Convolution.inputGradient(of: shape) == nil ? [0] : []
  }

  public func multiplyAccumulates(_ call: Call) throws(GraphError) -> Int {
    try shape(x: try call.resultSizes(), w: try call.sizes(1), call).multiplyAccumulates
  }

  /// The kernel for bfloat16 dy.
  func narrowKernel(_ call: Call, _ shape: ConvolutionShape) throws(GraphError) -> Kernel {
    try requireNarrow(call, .float32)
    if let plan = BFloat16Convolution.inputGradient(of: shape) {
      return plan.kernel(.inputGradient) { _ in EpilogueOperands() }
    }
    let plan = BFloat16ConvolutionInputGradient(shape)
    let pack = Kernel.Stage(tasks: plan.packTaskCount) { frame, range in
      plan.pack(
        tasks: range, weights: frame.operand(1, as: Float.self), into: frame.workspace!, scratch: frame.scratch)
    }
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, dy: frame.operand(0, as: UInt16.self), workspace: UnsafeRawPointer(frame.workspace!),
        dx: frame.result(0, as: Float.self), scratch: frame.scratch)
    }.after([pack], workspace: plan.workspaceByteCount)
  }
}

extension NHWCConvWeightGradient: NarrowableProduct {
  public func narrowOperands(_ call: Call) throws(GraphError) -> [Int] {
    let shape = try shape(x: try call.sizes(0), w: try call.resultSizes(), call)
    return shape.fillsTiles && BFloat16WeightGradient.suits(shape) ? [0, 1] : []
  }

  public func multiplyAccumulates(_ call: Call) throws(GraphError) -> Int {
    try shape(x: try call.sizes(0), w: try call.resultSizes(), call).multiplyAccumulates
  }

  /// The kernel for bfloat16 x and dy.
  func narrowKernel(_ call: Call, _ shape: ConvolutionShape) throws(GraphError) -> Kernel {
    try requireNarrow(call, .bfloat16)
    guard BFloat16WeightGradient.suits(shape) else { throw .unsupported(.bfloat16) }
    return BFloat16WeightGradient(shape).kernel
  }
}

extension TrainedConvolutionOp {
  /// What operands of bfloat16 give is float32.
  func resultElement(_ call: Call) throws(GraphError) -> ElementType {
    let element = try call.element(0)
    return element == .bfloat16 ? .float32 : element
  }

  fileprivate func requireNarrow(_ call: Call, _ second: ElementType) throws(GraphError) {
    guard try call.element(0) == .bfloat16, try call.element(1) == second else {
      throw .unsupported(try call.element(1))
    }
  }
}

extension ConvolutionShape {
  /// Neither side has so few channels that most of a vector would be padding; of an image's few, kernel rows are joined.
  fileprivate var fillsTiles: Bool {
    let joined = inputChannels <= 4 ? inputChannels * kernel.last! : inputChannelsPerGroup
    return joined >= 16 && outputChannelsPerGroup >= 16
  }
  fileprivate var multiplyAccumulates: Int { batch * outputPixels * outputChannels * taps * inputChannelsPerGroup }
}

extension BFloat16Convolution {
  /// The kernel that packs operand 1 and multiplies operand 0 by it.
  fileprivate func kernel(
    _ purpose: ConvolutionPacking.Purpose, _ operands: @escaping @Sendable (borrowing Frame) -> EpilogueOperands
  ) -> Kernel {
    let packing = BFloat16ConvolutionPacking(self, for: purpose)
    let pack = Kernel.Stage(tasks: packing.taskCount) { frame, range in
      packing.pack(
        tasks: range, from: frame.operand(1, as: Float.self), into: frame.workspace!, scratch: frame.scratch)
    }
    return Kernel(tasks: taskCount, scratch: max(scratchByteCount, packing.scratchByteCount)) { frame, range in
      run(
        tasks: range, x: frame.operand(0, as: UInt16.self), packing: packing,
        packed: UnsafeRawPointer(frame.workspace!),
        y: frame.resultBytes(), operands: operands(frame), scratch: frame.scratch)
    }.after([pack], workspace: packing.byteCount)
  }
}

extension BFloat16WeightGradient {
  /// The kernel that sums outer products of the rows of operands 0 and 1.
  var kernel: Kernel {
    let packing = Kernel.Stage(tasks: packTaskCount) { frame, range in
      pack(
        tasks: range, x: frame.operand(0, as: UInt16.self), dy: frame.operand(1, as: UInt16.self),
        workspace: frame.workspace!, scratch: frame.scratch)
    }
    let sums: @Sendable (borrowing Frame, Range<Int>) -> Void = { frame, range in
      run(tasks: range, workspace: frame.workspace!, dw: frame.result(0, as: Float.self))
    }
    guard reductionTaskCount > 0 else {
      return Kernel(tasks: taskCount, scratch: scratchByteCount, sums).after([packing], workspace: workspaceByteCount)
    }
    return Kernel(tasks: reductionTaskCount, scratch: scratchByteCount) { frame, range in
      reduce(tasks: range, workspace: frame.workspace!, dw: frame.result(0, as: Float.self))
    }.after([packing, Kernel.Stage(tasks: taskCount, sums)], workspace: workspaceByteCount)
  }
}
