public import HoneIR

/// (x − offset)·scale, with one offset and scale for all features or one for each.
public struct Scaler: ExecutableOp {
  public var offset: [Float] = []
  public var scale: [Float] = []
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0).with(.float32))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let features = try call.sizes(0).last ?? 1
    guard offset.count == scale.count, offset.count == 1 || offset.count == features else {
      throw GraphError(.attribute, "\(offset.count) offsets and \(scale.count) scales for \(features) features")
    }
    let (offset, scale) = (offset, scale)
    let period = offset.count
    return try mapElements(call) { first, numbers in
      for i in numbers.indices {
        let feature = (first + i) % period
        numbers[i] = Double((Float(numbers[i]) - offset[feature]) * scale[feature])
      }
    }
  }
}
