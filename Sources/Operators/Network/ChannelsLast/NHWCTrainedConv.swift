public import HoneIR
import HoneKernels

/// `Conv` of `[N, …, C]` with weights `[kernel…, C/group, M]` that may change from run to run, and a bias `[M]`.
///
/// x may be bfloat16 beside float32 weights, which are rounded as they are packed, and bias; the result is float32 then.
public struct NHWCTrainedConv: TrainedConvolutionOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  /// The channels-last form of `op`.
  public init(_ op: Conv) { takeWindow(of: op, group: op.group) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let input = try call.shape(0).map { NHWC.toFirst($0) }
    let weights = try call.shape(1).map { [$0[$0.count - 1], $0[$0.count - 2]] + $0.dropLast(2) }
    let bias = call.has(2) ? try call.shape(2)?.first : nil
    let shape = try convolutionShape(input, weights, bias: bias, group: group, call)
    return [.tensor(try resultElement(call), shape.map { NHWC.toLast($0) })]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if try call.element(0) == .bfloat16 { return try narrowKernel(call) }
    try requireFloat(call)
    let plan = Convolution(try shape(x: try call.sizes(0), w: try call.sizes(1), call))
    let packing = ConvolutionPacking(plan)
    let hasBias = call.has(2)
    let kernel = Kernel(tasks: plan.taskCount, scratch: max(plan.scratchByteCount, packing.scratchByteCount)) {
      frame, range in
      let weights = packing.isPackedAlready ? frame.operandBytes(1) : UnsafeRawPointer(frame.workspace!)
      plan.run(
        tasks: range, x: frame.operand(0, as: Float.self), packing: packing, packed: weights,
        y: frame.result(0, as: Float.self),
        operands: EpilogueOperands(bias: hasBias ? frame.operand(2, as: Float.self) : nil), scratch: frame.scratch)
    }.sliced(plan.slices)
    guard !packing.isPackedAlready else { return kernel }
    let pack = Kernel.Stage(tasks: packing.taskCount, reads: [1]) { frame, range in
      packing.pack(
        tasks: range, from: frame.operand(1, as: Float.self), into: frame.workspace!, scratch: frame.scratch)
    }
    return kernel.after([pack], workspace: packing.byteCount)
  }

  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (x, w) = (node.operands[0]!, node.operands[1]!)
    var inputs = NHWCConvInputGradient(), weights = NHWCConvWeightGradient()
    inputs.takeWindow(of: self, group: group)
    weights.takeWindow(of: self, group: group)
    let (xSizes, wSizes) = (try g.sizes(of: x), try g.sizes(of: w))
    inputs.input_shape = Array(xSizes[1..<xSizes.count - 1])
    weights.kernel_shape = Array(wSizes.dropLast(2))
    let dx = try g.apply(inputs, dy, w, named: node.name), dw = try g.apply(weights, x, dy, named: node.name)
    guard node.operands.optional(2) != nil else { return [dx, dw] }
    return [dx, dw, try g.channelSums(dy)]
  }
}

extension Convolution {
  /// How tasks are cut along the batch, where they are.
  var slices: Kernel.Slices {
    let count = Kernel.Slices.count(batch: shape.batch)
    return divides(into: count) ? Kernel.Slices(count, of: [0]) : Kernel.Slices()
  }
}

extension Graph {
  /// The sums of `[…, C]` over all axes but the last.
  mutating func channelSums(_ x: Value) throws(GraphError) -> Value {
    var sum = ReduceSum()
    sum.keepdims = false
    return try apply(sum, x, constant(.integers(Array(0..<(try sizes(of: x).count - 1)))))
  }
}
