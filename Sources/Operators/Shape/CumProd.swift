public import HoneIR

/// Running products along an axis, each with or, if `exclusive`, without its own element.
public struct CumProd: ExecutableOp {
  public var exclusive = false
  public var reverse = false
  public init() {}
  public static var since: Int { 26 }
  private var cumulation: Cumulation { Cumulation(operation: .product, reverse: reverse, exclusive: exclusive) }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { try cumulation.infer(call) }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try cumulation.kernel(call) }
}
