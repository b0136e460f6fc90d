public import HoneIR
import HoneKernels

/// `QLinearConv` of `[N, …, C]` with weights in ONNX order and an activation before quantizing.
///
/// After the bias follow a quantized residual `[N, …, M]`, its scale and its zero point, and scale and zero point of the
/// grid to which the sum is rounded before the residual is added.
public struct NHWCQLinearConv: ExecutableOp, WindowOp, ActivatedOp {
  public static var domain: String { NHWC.domain }
  public var activation: String?
  public var activation_params: [Float] = []
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  /// The channels-last form of `op`.
  public init(_ op: QLinearConv) {
    (auto_pad, dilations, group) = (op.auto_pad, op.dilations, op.group)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(8...14)
    let bias = call.has(8) ? try call.shape(8)?.first : nil
    let input = try call.shape(0).map { NHWC.toFirst($0) }
    let shape = try convolutionShape(input, try call.shape(3), bias: bias, group: group, call)
    return [.tensor(try call.element(7), shape.map { NHWC.toLast($0) })]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(NHWC.toFirst(try call.sizes(0)), try call.sizes(3), group: group, call)
    let shape = sizes.channelsLast(batch: sizes.batch)
    let hasResidual = call.has(9)
    let parameters = try QLinearConvParameters(
      call, filters: sizes.filters, activation: try parsedActivation(), residual: hasResidual ? 9 : nil)
    guard !sizes.isEmpty, let parameters, let weights = try packedIntegerWeights(call, shape, w: 3, wZero: 5) else {
      throw GraphError(.unsupported, "has no kernel for weights, scales or zero points that are no constants")
    }
    if hasResidual, try call.sizes(9) != call.resultSizes() {
      throw GraphError(.type, "the residual must have the shape of the result: \(try call.tensor(9))")
    }
    let plan = IntegerConvolution(shape, xType: parameters.x, epilogue: parameters.epilogue)
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount, overwrites: hasResidual ? [0: 9] : [:]) {
      frame, range in
      parameters.withOperands(frame) { zero, operands in
        plan.run(
          tasks: range, x: frame.operandBytes(0), xZero: zero, weights: weights, y: frame.resultBytes(),
          operands: operands,
          scratch: frame.scratch)
      }
    }
    .absorbing(3)
    .byRows(
      plan.computesRows
        ? shape.rows(residual: hasResidual ? 9 : nil) { frame, image, rows in
          parameters.withOperands(frame) { zero, operands in
            plan.run(
              rows: rows, image: image, x: frame.operandBytes(0), xZero: zero, weights: weights,
              y: frame.resultBytes(), operands: operands, scratch: frame.scratch)
          }
        } : nil)
  }
}
