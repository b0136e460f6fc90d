public import HoneIR

/// 1 where the operand is greater than `threshold`, else 0.
public struct Binarizer: ExecutableOp, ElementwiseOp {
  public var threshold: Float = 0
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let threshold = Double(threshold)
    return try mapElements(call) { _, numbers in
      for i in numbers.indices { numbers[i] = numbers[i] > threshold ? 1 : 0 }
    }
  }
}
