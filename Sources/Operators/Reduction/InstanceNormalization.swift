public import HoneIR

/// y = (x − mean)/√(variance + epsilon)·scale + bias, mean and variance over the positions of each channel of each sample
public struct InstanceNormalization: RowKernelOp, UpgradableOp {
  public var epsilon: Float = 1e-5
  public init() {}

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
  }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(0))]
  }
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    guard sizes.count >= 2 else { throw GraphError(.type, "needs at least 2 axes, has \(sizes)") }
    return try groupNormalizationKernel(T.self, call, groups: sizes[1], epsilon: epsilon)
  }
}

/// Normalizes groups of channels of each sample; scale and bias have a value per channel, or per group.
func groupNormalizationKernel<T: RowElement>(
  _: T.Type, _ call: Call, groups: Int, epsilon: Float
) throws(GraphError) -> Kernel {
  let sizes = try call.sizes(0)
  let (samples, channels) = (sizes[0], sizes[1])
  let positions = sizes[2...].reduce(1, *)
  guard groups > 0, channels % groups == 0 else {
    throw GraphError(.attribute, "\(channels) channels are not divisible into \(groups) groups")
  }
  let perGroup = channels / groups
  for i in 1...2 {
    let parameters = try call.sizes(i)
    guard parameters == [channels] || parameters == [groups] else {
      throw GraphError(.type, "operand \(i) must have \(channels) elements, is \(parameters)")
    }
  }
  let (scaleStep, biasStep) = (try call.sizes(1) == [channels], try call.sizes(2) == [channels])
  let (n, small) = (perGroup * positions, T(epsilon))
  return Kernel(tasks: samples * groups) { frame, range in
    let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
    let (scale, bias) = (frame.operand(1, as: T.self), frame.operand(2, as: T.self))
    for task in range where samples * channels * positions > 0 {
      let source = x + task * n
      let mean = T.sum(source, count: n) / T(n)
      let factor = 1 / (T.deviation(source, count: n, mean: mean) / T(n) + small).squareRoot()
      let group = task % groups
      for i in 0..<perGroup {
        let channel = group * perGroup + i
        let a = factor * scale[scaleStep ? channel : group]
        let b = bias[biasStep ? channel : group]
        T.affine(source + i * positions, count: positions, a: a, b: b - mean * a, into: y + task * n + i * positions)
      }
    }
  }
}

extension InstanceNormalization: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try g.groupNormalizationPullback(
      node, cotangents, groups: g.sizes(of: node.operands[0]!)[1], epsilon: epsilon)
  }
}
