public import HoneIR

/// −log p of the right class, weighted, reduced over all positions
public struct NegativeLogLikelihoodLoss: RowKernelOp {
  public var ignore_index: Int?
  public var reduction = LossReduction.mean
  public init() {}
  public static var since: Int { 12 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try ClassLoss.types(call, reduction))] }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let loss = try ClassLoss(call, reduction, ignoring: ignore_index)
    return Kernel { frame in loss.run(frame.operand(0, as: T.self), frame) }
  }
}

extension NegativeLogLikelihoodLoss: DifferentiableOp {
  /// The weights of classes are constants of the loss and have no cotangent.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dloss = cotangents[0] else { return [] }
    let gradient = ClassLossGradient(reduction, ignoring: ignore_index, softmax: false)
    return [try g.apply(gradient, [dloss] + node.operands, resultCount: 1)[0]]
  }
}
