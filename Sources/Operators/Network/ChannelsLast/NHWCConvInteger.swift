public import HoneIR
import HoneKernels

/// `ConvInteger` of `[N, …, C]` with weights in ONNX order.
public struct NHWCConvInteger: ExecutableOp, CompositeOp, WindowOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  /// The channels-last form of `op`.
  public init(_ op: ConvInteger) {
    (auto_pad, dilations, group) = (op.auto_pad, op.dilations, op.group)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    let input = try call.shape(0).map { NHWC.toFirst($0) }
    let shape = try convolutionShape(input, try call.shape(1), bias: nil, group: group, call)
    return [.tensor(.int32, shape.map { NHWC.toLast($0) })]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(NHWC.toFirst(try call.sizes(0)), try call.sizes(1), group: group, call)
    let shape = sizes.channelsLast(batch: sizes.batch)
    let xZero = call.has(2) ? 2 : nil
    guard !sizes.isEmpty, let weights = try packedIntegerWeights(call, shape, w: 1, wZero: call.has(3) ? 3 : nil) else {
      throw GraphError(.unsupported, "has no kernel for weights that are no constants")
    }
    let type = try ByteType(try call.element(0))
    let plan = IntegerConvolution(shape, xType: type, epilogue: IntegerEpilogue(result: .int32))
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      let zero = xZero.map { frame.byte($0, type, 0) } ?? 0
      plan.run(
        tasks: range, x: frame.operandBytes(0), xZero: zero, weights: weights, y: frame.resultBytes(),
        scratch: frame.scratch)
    }
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    var conv = ConvInteger()
    (conv.auto_pad, conv.dilations, conv.group) = (auto_pad, dilations, group)
    (conv.kernel_shape, conv.pads, conv.strides) = (kernel_shape, pads, strides)
    return [try NHWC.apply(conv, operands, in: &g)]
  }
}
