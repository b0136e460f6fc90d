public import HoneIR

/// Convolution of `[N, C, …]` by `[M, C/group, …]`, with an optional bias `[M]`.
public struct Conv: ExecutableOp, WindowOp {
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let element = try call.element(0)
    guard element.isFloatingPoint, try call.element(1) == element else {
      throw GraphError(
        .type, "operands must be of one floating-point type: \(try call.tensor(0)), \(try call.tensor(1))")
    }
    return [.tensor(element, try convolutionShape(call, x: 0, w: 1, bias: 2, group: group))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 0, w: 1, group: group)
    let bias = call.has(2) ? 2 : nil
    switch try call.element(0) {
    case .float32: return try floatConvolution(call, sizes, bias: bias)
    case .float64: return directConvolution(sizes, bias: bias, Double.self)
    case .float16: return directConvolution(sizes, bias: bias, Float16.self)
    case .bfloat16: return directConvolution(sizes, bias: bias, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }
}

extension Conv: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let cotangent = cotangents[0] else { return [] }
    let (x, w) = (node.operands[0]!, node.operands[1]!)
    let (xSizes, rank) = (try g.sizes(of: x), try g.sizes(of: w).count)
    var inputs = NHWCConvInputGradient(), weights = NHWCConvWeightGradient()
    inputs.takeWindow(of: self, group: group)
    weights.takeWindow(of: self, group: group)
    inputs.input_shape = Array(xSizes[2...])
    weights.kernel_shape = Array(try g.sizes(of: w)[2...])
    let dy = try NHWC.transpose(cotangent, toLast: true, in: &g)!
    let xLast = try NHWC.transpose(x, toLast: true, in: &g)!
    let trained = try g.transpose(w, WeightOrder.toTrained(rank: rank))
    let dx = try NHWC.transpose(try g.apply(inputs, dy, trained, named: node.name), toLast: false, in: &g)
    let dw = try g.transpose(
      g.apply(weights, xLast, dy, named: node.name), WeightOrder.toONNX(rank: rank))
    guard node.operands.optional(2) != nil else { return [dx, dw] }
    return [dx, dw, try g.channelSums(dy)]
  }
}
