public import HoneIR
import HoneKernels

/// `Conv` of `[N, …, C]` with weights in ONNX order, a bias, a residual `[N, …, M]` and an activation. A fifth operand
/// `[N, 1, …, C]` multiplies x first: see `scalesWeights`.
///
/// bfloat16 data goes with a bfloat16 residual and fp32 weights and bias; `to` is the result's type where it is another.
public struct NHWCConv: ExecutableOp, CompositeOp, WindowOp, ActivatedOp {
  public static var domain: String { NHWC.domain }
  public var activation: String?
  public var activation_params: [Float] = []
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public var to: ElementType?
  /// The input is `[N, C, …]`: see `readsPlanes`.
  public var planes = false
  public init() {}

  /// The channels-last form of `op`.
  public init(_ op: Conv) {
    (auto_pad, dilations, group) = (op.auto_pad, op.dilations, op.group)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  /// Whether a convolution of fp32 images `[N, C, height, width]` with weights of these sizes can read them as they are.
  public func readsPlanes(weights: [Int]) -> Bool {
    guard weights.count == 4, !planes, to == nil, dilations.isEmpty || dilations.count == 2 else { return false }
    return ConvolutionShape(
      inputChannels: weights[1], outputChannels: weights[0], groups: group, input: [1, 1], kernel: Array(weights[2...]),
      dilations: dilations.isEmpty ? [1, 1] : dilations, padsBegin: [weights[2], weights[3]], output: [1, 1]
    ).readsPlanes
  }

  func inputSizes(_ call: Call) throws(GraphError) -> [Int] {
    planes ? try call.sizes(0) : NHWC.toFirst(try call.sizes(0))
  }

  /// Whether kernels apply the activation themselves.
  public var hasKernelForActivation: Bool { (try? parsedActivation()) != nil }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...5)
    let bias = call.has(2) ? try call.shape(2)?.first : nil
    let input = try call.shape(0).map { planes ? $0 : NHWC.toFirst($0) }
    let shape = try convolutionShape(input, try call.shape(1), bias: bias, group: group, call)
    let element = try call.element(0)
    return [.tensor(to ?? element, shape.map { NHWC.toLast($0) })]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if try call.element(0) == .bfloat16 { return try narrowKernel(call) }
    guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
    let sizes = try convolutionSizes(inputSizes(call), try call.sizes(1), group: group, call)
    if sizes.isEmpty || sizes.channels == 0 { throw GraphError(.unsupported, "has no kernel for empty operands") }
    let shape = sizes.channelsLast(batch: sizes.batch)
    let weights = try call.requireKnown(1, "the weights")
    let plan = Convolution(
      shape, epilogue: Epilogue(activation: try parsedActivation()),
      method: planes ? nil : racedMethod(call, shape, weights), planes: planes)
    let packed = try packedWeights(call, weights, plan)
    let (hasBias, hasResidual) = (call.has(2), call.has(3))
    if hasResidual, try call.sizes(3) != call.resultSizes() {
      throw GraphError(.type, "the residual must have the shape of the result: \(try call.tensor(3))")
    }
    if call.has(4) { return try scaledKernel(call, sizes, plan) }
    @Sendable func operands(_ frame: borrowing Frame) -> EpilogueOperands {
      EpilogueOperands(
        bias: hasBias ? frame.operand(2, as: Float.self) : nil,
        residual: hasResidual ? frame.operand(3, as: Float.self) : nil)
    }
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount, overwrites: hasResidual ? [0: 3] : [:]) {
      frame, range in
      plan.run(
        tasks: range, x: frame.operand(0, as: Float.self), weights: packed, y: frame.result(0, as: Float.self),
        operands: operands(frame), scratch: frame.scratch)
    }
    .absorbing(1)
    .byRows(
      plan.computesRows
        ? shape.rows(residual: hasResidual ? 3 : nil, readsWhole: planes) { frame, image, rows in
          plan.run(
            rows: rows, image: image, x: frame.operand(0, as: Float.self), weights: packed,
            y: frame.result(0, as: Float.self), operands: operands(frame), scratch: frame.scratch)
        } : nil)
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    guard g.tensorType(of: operands[0]!).element == .float32 else { throw .unsupported(.bfloat16) }
    var conv = Conv()
    (conv.auto_pad, conv.dilations, conv.group) = (auto_pad, dilations, group)
    (conv.kernel_shape, conv.pads, conv.strides) = (kernel_shape, pads, strides)
    var layer = Array(operands.prefix(3))
    if operands.count > 4, let factors = operands[4] { layer[0] = try g.apply(Mul(), layer[0], factors) }
    var y =
      planes
      ? try NHWC.transpose(g.apply(conv, layer, resultCount: 1)[0], toLast: true, in: &g)!
      : try NHWC.apply(conv, layer, in: &g)
    if operands.count > 3, let residual = operands[3] { y = try g.apply(Add(), y, residual) }
    return [try activate(y, in: &g)]
  }
}

extension ConvolutionShape {
  /// The promise about rows of a result over two axes; operand 0 is read in windows unless it is read whole, and so is the
  /// operand that is the residual.
  func rows(
    residual: Int? = nil, readsWhole: Bool = false,
    _ run: @escaping @Sendable (borrowing Frame, _ image: Int, Range<Int>) -> Void
  ) -> Kernel.Rows {
    let window = Kernel.RowWindow(
      count: input[0], stride: strides[0], before: padsBegin[0], reach: (kernel[0] - 1) * dilations[0] + 1)
    let residual = residual.map { [$0: Kernel.RowWindow(count: output[0])] } ?? [:]
    let windows = readsWhole ? residual : residual.merging([0: window]) { $1 }
    return Kernel.Rows(images: batch, count: output[0], windows: windows, run)
  }
}
