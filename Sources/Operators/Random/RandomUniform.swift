public import HoneIR

/// Numbers drawn evenly from [low, high).
public struct RandomUniform: ExecutableOp, RandomOp, RequiringOp {
  public var dtype = ElementType.float32
  public var high: Float = 1
  public var low: Float = 0
  public var seed: Float?
  public init() {}
  public var shape: [Int] = []
  public static var required: [String] { ["shape"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(0...0)
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1.0, { $0 * Double($1) }) < 1e12 else {
      throw GraphError(.attribute, "shape \(shape)")
    }
    return [.tensor(dtype, shape)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try Distribution.uniform(low: Double(low), high: Double(high)).kernel(call.result(), seed: seed)
  }
}
