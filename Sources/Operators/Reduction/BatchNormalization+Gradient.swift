public import HoneIR

extension BatchNormalization: DifferentiableOp {
  /// With fixed statistics the operator scales and shifts channels; with the batch's own it is `NHWCBatchNormalization`.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return training_mode ? try trained(node, dy, in: &g) : try fixed(node, dy, in: &g)
  }

  /// `NHWCBatchNormalization` with this operator's attributes.
  public var channelsLast: NHWCBatchNormalization {
    var op = NHWCBatchNormalization()
    (op.epsilon, op.momentum) = (epsilon, momentum)
    return op
  }

  private func trained(_ node: Node, _ dy: Value, in g: inout Graph) throws(GraphError) -> [Value?] {
    let last = try NHWC.transpose(node.operands[0], toLast: true, in: &g)
    let results = try g.apply(
      channelsLast, [last] + node.operands.dropFirst(), resultCount: 5, named: node.name)
    guard let again = g.producer(of: results[0]) else { return [] }
    var cotangents = try channelsLast.pullback(
      again, [try NHWC.transpose(dy, toLast: true, in: &g)], in: &g)
    cotangents[0] = try NHWC.transpose(cotangents[0], toLast: false, in: &g)
    return Array(cotangents.prefix(3))
  }

  private func fixed(_ node: Node, _ dy: Value, in g: inout Graph) throws(GraphError) -> [Value?] {
    let (x, scale) = (node.operands[0]!, node.operands[1]!)
    let (mean, variance) = (node.operands[3]!, node.operands[4]!)
    let sizes = try g.sizes(of: x)
    let shape = [sizes[1]] + sizes.dropFirst(2).map { _ in 1 }
    let shifted = try g.apply(Add(), variance, g.number(Double(epsilon), like: variance))
    let inverse = try g.apply(Reciprocal(), g.apply(Sqrt(), shifted))
    let factor = try g.shaped(g.apply(Mul(), scale, inverse), shape)
    let centered = try g.apply(Sub(), x, g.shaped(mean, shape))
    let normal = try g.apply(Mul(), centered, g.shaped(inverse, shape))
    var sum = ReduceSum()
    sum.keepdims = false
    let axes = g.constant(.integers([0] + Array(2..<sizes.count)))
    return [
      try g.apply(Mul(), dy, factor), try g.apply(sum, g.apply(Mul(), dy, normal), axes), try g.apply(sum, dy, axes),
    ]
  }
}
