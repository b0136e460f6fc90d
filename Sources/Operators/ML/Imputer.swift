public import HoneIR

/// The operand with one value replaced by another, the same for all features or one for each.
public struct Imputer: ExecutableOp {
  public var imputed_value_floats: [Float] = []
  public var imputed_value_int64s: [Int] = []
  public var replaced_value_float: Float = 0
  public var replaced_value_int64 = 0
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let features = try call.sizes(0).last ?? 1
    let isFloat = try call.element(0).isFloatingPoint
    let values = isFloat ? imputed_value_floats.map(Double.init) : imputed_value_int64s.map(Double.init)
    let replaced = isFloat ? Double(replaced_value_float) : Double(replaced_value_int64)
    guard values.count == 1 || (values.count == features && features > 0) else {
      throw GraphError(.attribute, "\(values.count) values for \(features) features")
    }
    return try mapElements(call) { first, numbers in
      for i in numbers.indices where numbers[i] == replaced || (numbers[i].isNaN && replaced.isNaN) {
        numbers[i] = values[(first + i) % values.count]
      }
    }
  }
}
