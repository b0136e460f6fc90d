public import HoneIR

/// Numbers drawn evenly from [low, high), as many as the operand has.
public struct RandomUniformLike: ExecutableOp, RandomOp {
  public var dtype: ElementType?
  public var high: Float = 1
  public var low: Float = 0
  public var seed: Float?
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    return [.tensor(input.with(dtype ?? input.element))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try Distribution.uniform(low: Double(low), high: Double(high)).kernel(call.result(), seed: seed)
  }
}
