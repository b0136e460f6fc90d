public import HoneIR

/// Numbers drawn from the normal distribution of `mean` and standard deviation `scale`.
public struct RandomNormal: ExecutableOp, RandomOp, RequiringOp {
  public var dtype = ElementType.float32
  public var mean: Float = 0
  public var scale: Float = 1
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
    try Distribution.normal(mean: Double(mean), scale: Double(scale)).kernel(call.result(), seed: seed)
  }
}
