public import HoneIR

extension ConvTranspose {
  /// The same as the gradient of a convolution with respect to its input, over channels-last data.
  ///
  /// `call` describes operands of concrete sizes.
  public func asInputGradient(_ call: Call) throws(GraphError) -> NHWCConvInputGradient {
    var concrete = call
    concrete.results = try infer(call)
    let axes = try window(concrete).axes
    var op = NHWCConvInputGradient()
    op.group = group
    op.kernel_shape = axes.map(\.kernel)
    op.strides = axes.map(\.stride)
    op.dilations = axes.map(\.dilation)
    op.pads = axes.map(\.begin) + axes.map(\.end)
    op.input_shape = axes.map(\.input)
    return op
  }
}

extension ConvTranspose: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let cotangent = cotangents[0] else { return [] }
    let (x, w) = (node.operands[0]!, node.operands[1]!)
    let rank = try g.sizes(of: w).count
    let op = try asInputGradient(g.call(for: node))
    var conv = NHWCTrainedConv(), weights = NHWCConvWeightGradient()
    conv.takeWindow(of: op, group: group)
    weights.takeWindow(of: op, group: group)
    let dy = try NHWC.transpose(cotangent, toLast: true, in: &g)!
    let xLast = try NHWC.transpose(x, toLast: true, in: &g)!
    let trained = try g.transpose(w, WeightOrder.toTrained(rank: rank))
    let dx = try NHWC.transpose(try g.apply(conv, dy, trained, named: node.name), toLast: false, in: &g)
    let dw = try g.transpose(
      g.apply(weights, dy, xLast, named: node.name), WeightOrder.toONNX(rank: rank))
    guard node.operands.optional(2) != nil else { return [dx, dw] }
    return [dx, dw, try g.channelSums(dy)]
  }
}
