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
