public import HoneIR
import HoneKernels

/// The gradient of `NHWCTrainedConv` with respect to its input: dx `[N, …, C]` of dy `[N, …, M]` and weights
/// `[kernel…, C/group, M]`. It is also the transposed convolution of dy.
///
/// dy may be bfloat16 beside float32 weights, which are rounded as they are packed; the result is float32 then.
public struct NHWCConvInputGradient: TrainedConvolutionOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  /// The spatial sizes of dx.
  public var input_shape: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    guard let dy = try call.shape(0), let w = try call.shape(1), dy.count == w.count, w.count >= 3,
      input_shape.count == w.count - 2
    else { throw GraphError(.type, "\(try call.tensor(0)) and \(try call.tensor(1)) do not fit a convolution") }
    let channels = w[w.count - 2] * Dimension(group)
    return [.tensor(try resultElement(call), [dy[0]] + input_shape.map(Dimension.fixed) + [channels])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let isNarrow = try call.element(0) == .bfloat16
    if !isNarrow { try requireFloat(call) }
    let shape = try shape(x: try call.resultSizes(), w: try call.sizes(1), call)
    guard [shape.batch] + shape.output + [shape.outputChannels] == (try call.sizes(0)) else {
      throw GraphError(.type, "a gradient of \(try call.tensor(0)) does not fit the convolution")
    }
    if isNarrow { return try narrowKernel(call, shape) }
    if ConvolutionScatterGradient.suits(shape) { return scatter(ConvolutionScatterGradient(shape)) }
    if let plan = Convolution.inputGradient(of: shape) { return convolution(plan) }
    if shape.isDepthwise { return depthwise(DepthwiseGradient(shape)) }
    let plan = ConvolutionInputGradient(shape)
    let pack = Kernel.Stage(tasks: plan.packTaskCount) { frame, range in
      plan.pack(tasks: range, weights: frame.operand(1, as: Float.self), into: frame.workspace!)
    }
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, dy: frame.operand(0, as: Float.self), workspace: UnsafeRawPointer(frame.workspace!),
        dx: frame.result(0, as: Float.self), scratch: frame.scratch)
    }.after([pack], workspace: plan.workspaceByteCount)
  }

  private func convolution(_ plan: Convolution) -> Kernel {
    let packing = ConvolutionPacking(plan, for: .inputGradient)
    let pack = Kernel.Stage(tasks: packing.taskCount, reads: [1]) { frame, range in
      packing.pack(
        tasks: range, from: frame.operand(1, as: Float.self), into: frame.workspace!, scratch: frame.scratch)
    }
    return Kernel(tasks: plan.taskCount, scratch: max(plan.scratchByteCount, packing.scratchByteCount)) {
      frame, range in
      plan.run(
        tasks: range, x: frame.operand(0, as: Float.self), packing: packing,
        packed: UnsafeRawPointer(frame.workspace!), y: frame.result(0, as: Float.self), scratch: frame.scratch)
    }.sliced(plan.slices).after([pack], workspace: packing.byteCount)
  }

  private func scatter(_ plan: ConvolutionScatterGradient) -> Kernel {
    let pack = Kernel.Stage(tasks: plan.packTaskCount) { frame, range in
      plan.pack(tasks: range, weights: frame.operand(1, as: Float.self), into: frame.workspace!)
    }
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, dy: frame.operand(0, as: Float.self), workspace: UnsafeRawPointer(frame.workspace!),
        dx: frame.result(0, as: Float.self), scratch: frame.scratch)
    }.after([pack], workspace: plan.workspaceByteCount)
  }

  private func depthwise(_ plan: DepthwiseGradient) -> Kernel {
    Kernel(tasks: plan.inputTaskCount) { frame, range in
      plan.inputGradient(
        tasks: range, dy: frame.operand(0, as: Float.self), weights: frame.operand(1, as: Float.self),
        dx: frame.result(0, as: Float.self))
    }.sliced(Kernel.Slices(Kernel.Slices.count(batch: plan.shape.batch), of: [0]))
  }

  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let cotangent = cotangents[0] else { return [] }
    let (dy, w) = (node.operands[0]!, node.operands[1]!)
    var conv = NHWCTrainedConv(), weights = NHWCConvWeightGradient()
    conv.takeWindow(of: self, group: group)
    weights.takeWindow(of: self, group: group)
    weights.kernel_shape = Array(try g.sizes(of: w).dropLast(2))
    return [
      try g.apply(conv, cotangent, w, named: node.name), try g.apply(weights, cotangent, dy, named: node.name),
    ]
  }
}
