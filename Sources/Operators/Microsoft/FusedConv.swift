public import HoneIR

/// activation(Conv(x, w, b) + z)
public struct FusedConv: ExecutableOp, CompositeOp, WindowOp, ActivatedOp {
  public var activation: String?
  public var activation_params: [Float] = []
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}
  public static var domain: String { "com.microsoft" }

  /// `conv` without activation.
  public init(_ conv: Conv) {
    (auto_pad, dilations, group) = (conv.auto_pad, conv.dilations, conv.group)
    (kernel_shape, pads, strides) = (conv.kernel_shape, conv.pads, conv.strides)
  }

  public var conv: Conv {
    var conv = Conv()
    (conv.auto_pad, conv.dilations, conv.group) = (auto_pad, dilations, group)
    (conv.kernel_shape, conv.pads, conv.strides) = (kernel_shape, pads, strides)
    return conv
  }

  /// The kernel without `z`; with it the expansion runs.
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .float32, !call.has(3) else { throw .unsupported(try call.element(0)) }
    let sizes = try convolutionSizes(call, x: 0, w: 1, group: group)
    return try floatConvolution(call, sizes, bias: call.has(2) ? 2 : nil, activation: try parsedActivation())
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    try call.expectOperands(2...4)
    let hasBias = operands.count > 2 && operands[2] != nil
    var y = try g.apply(conv, Array(operands.prefix(hasBias ? 3 : 2)), resultCount: 1)[0]
    if operands.count > 3, let z = operands[3] { y = try g.apply(Add(), y, z) }
    if let activation { y = try g.activate(y, activation, activation_params) }
    return [y]
  }
}
