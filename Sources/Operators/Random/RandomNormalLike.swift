public import HoneIR

/// Numbers drawn from a normal distribution, as many as the operand has.
public struct RandomNormalLike: ExecutableOp, RandomOp {
  public var dtype: ElementType?
  public var mean: Float = 0
  public var scale: Float = 1
  public var seed: Float?
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    return [.tensor(input.with(dtype ?? input.element))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try Distribution.normal(mean: Double(mean), scale: Double(scale)).kernel(call.result(), seed: seed)
  }
}
