public import HoneIR

/// y = (x − mean)/√(variance + epsilon)·scale + bias, mean and variance over groups of channels of each sample.
///
/// Files of opset 18 give scale and bias per group; both forms are understood.
public struct GroupNormalization: RowKernelOp, RequiringOp {
  public var num_groups = 1
  public var epsilon: Float = 1e-5
  public var stash_type = ElementType.float32
  public init() {}
  public static var since: Int { 21 }
  public static let required = ["num_groups"]

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(0))]
  }
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    guard try call.sizes(0).count >= 2 else { throw GraphError(.type, "needs at least 2 axes") }
    return try groupNormalizationKernel(T.self, call, groups: num_groups, epsilon: epsilon)
  }
}

extension GroupNormalization: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try g.groupNormalizationPullback(node, cotangents, groups: num_groups, epsilon: epsilon)
  }
}
