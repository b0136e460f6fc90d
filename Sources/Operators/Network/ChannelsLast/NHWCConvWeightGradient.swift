public import HoneIR
import HoneKernels

/// The gradient of `NHWCTrainedConv` with respect to its weights: dw `[kernel…, C/group, M]` of x `[N, …, C]` and dy
/// `[N, …, M]`; both may be bfloat16, the result is float32 then too.
public struct NHWCConvWeightGradient: TrainedConvolutionOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    guard let channels = try call.shape(0)?.last?.size, let filters = try call.shape(1)?.last, !kernel_shape.isEmpty,
      group > 0, channels % group == 0
    else { throw GraphError(.type, "\(try call.tensor(0)) and \(try call.tensor(1)) do not fit a convolution") }
    return [
      .tensor(try resultElement(call), kernel_shape.map(Dimension.fixed) + [.fixed(channels / group), filters])
    ]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let isNarrow = try call.element(0) == .bfloat16
    if !isNarrow { try requireFloat(call) }
    let shape = try shape(x: try call.sizes(0), w: try call.resultSizes(), call)
    guard [shape.batch] + shape.output + [shape.outputChannels] == (try call.sizes(1)) else {
      throw GraphError(.type, "a gradient of \(try call.tensor(1)) does not fit the convolution")
    }
    if isNarrow { return try narrowKernel(call, shape) }
    let slices = Kernel.Slices(Kernel.Slices.count(batch: shape.batch), of: [0, 1])
    if shape.isDepthwise { return depthwise(DepthwiseGradient(shape, parts: slices.count), slices) }
    return product(shape) ?? dense(ConvolutionWeightGradient(shape, parts: slices.count), slices)
  }

  /// A pointwise convolution of many channels: one product of packed operands.
  private func product(_ shape: ConvolutionShape) -> Kernel? {
    let (m, n, k) = (shape.inputChannels, shape.outputChannels, shape.batch * shape.outputPixels)
    guard shape.isPointwise, shape.groups == 1, m >= 160, n >= 64 else { return nil }
    let plan = MatrixProduct(m: m, n: n, k: k, transposeA: true)
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, a: frame.operand(0, as: Float.self), packed: UnsafeRawPointer(frame.workspace!),
        c: frame.result(0, as: Float.self), scratch: frame.scratch)
    }.after([plan.packing(operand: 1)], workspace: plan.packedByteCount)
  }

  private func dense(_ plan: ConvolutionWeightGradient, _ slices: Kernel.Slices) -> Kernel {
    let sums: @Sendable (borrowing Frame, Range<Int>) -> Void = { frame, range in
      plan.run(
        tasks: range, x: frame.operand(0, as: Float.self), dy: frame.operand(1, as: Float.self),
        dw: frame.result(0, as: Float.self), workspace: frame.workspace)
    }
    var stages: [Kernel.Stage] = []
    if plan.copyTaskCount > 0 {
      stages.append(
        Kernel.Stage(tasks: plan.copyTaskCount) { frame, range in
          plan.copy(tasks: range, x: frame.operand(0, as: Float.self), workspace: frame.workspace!)
        })
    }
    guard plan.reductionTaskCount > 0 else {
      return Kernel(tasks: plan.taskCount, sums).after(stages, workspace: plan.workspaceByteCount)
    }
    stages.append(Kernel.Stage(tasks: plan.taskCount, slices: plan.isParted ? slices : Kernel.Slices(), sums))
    return Kernel(tasks: plan.reductionTaskCount) { frame, range in
      plan.reduce(tasks: range, workspace: frame.workspace!, dw: frame.result(0, as: Float.self))
    }.after(stages, workspace: plan.workspaceByteCount)
  }

  private func depthwise(_ plan: DepthwiseGradient, _ slices: Kernel.Slices) -> Kernel {
    let sums = Kernel.Stage(tasks: plan.weightTaskCount, slices: slices) { frame, range in
      plan.weightGradient(
        tasks: range, x: frame.operand(0, as: Float.self), dy: frame.operand(1, as: Float.self),
        workspace: frame.workspace!)
    }
    return Kernel(tasks: plan.reductionTaskCount) { frame, range in
      plan.reduce(
        tasks: range, workspace: UnsafeRawPointer(frame.workspace!), dw: frame.result(0, as: Float.self))
    }.after([sums], workspace: plan.workspaceByteCount)
  }

  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dw = cotangents[0] else { return [] }
    let (x, dy) = (node.operands[0]!, node.operands[1]!)
    var conv = NHWCTrainedConv(), inputs = NHWCConvInputGradient()
    conv.takeWindow(of: self, group: group)
    inputs.takeWindow(of: self, group: group)
    inputs.input_shape = Array(try g.sizes(of: x).dropFirst().dropLast())
    return [try g.apply(inputs, dy, dw, named: node.name), try g.apply(conv, x, dw, named: node.name)]
  }
}
