public import HoneIR

/// The elements of the last axis at the given indices.
public struct ArrayFeatureExtractor: ExecutableOp, EvaluatedOp {
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let input = try call.tensor(0)
    var count: Dimension = 1
    if let indices = try call.shape(1) {
      for size in indices { count = count * size }
    } else {
      count = call.unknownSize()
    }
    guard let shape = input.shape else { return [.tensor(input)] }
    guard !shape.isEmpty else { throw GraphError(.type, "takes an axis or more, not \(input)") }
    return [.tensor(input.with(shape: (shape.count == 1 ? [1] : Array(shape.dropLast())) + [count]))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let width = try call.element(0).bitWidth / 8
    guard width > 0 else { throw GraphError(.unsupported, "has no kernel for \(try call.element(0).rawValue)") }
    let (columns, wanted) = (try call.sizes(0).last!, try call.resultSizes().last!)
    let rows = try call.resultSizes().dropLast().reduce(1, *)
    return Kernel { frame in
      let indices = frame.operand(1, as: Int64.self)
      for i in 0..<wanted where indices[i] < 0 || indices[i] >= Int64(columns) { return frame.fail(.indexOutOfRange) }
      for row in 0..<rows {
        for i in 0..<wanted {
          let source = frame.operandBytes(0) + (row * columns + Int(indices[i])) * width
          (frame.resultBytes() + (row * wanted + i) * width).copyMemory(from: source, byteCount: width)
        }
      }
    }
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let (input, indices) = (try operands.tensor(0), try operands.tensor(1).integers)
    let columns = input.sizes.last ?? 0
    guard indices.allSatisfy({ $0 >= 0 && $0 < columns }) else {
      throw GraphError(.input, "an index lies outside its axis")
    }
    let rows = input.sizes.dropLast().reduce(1, *)
    let strings = input.strings
    let taken = (0..<rows).flatMap { row in indices.map { strings[row * columns + $0] } }
    let leading = input.sizes.count == 1 ? [1] : Array(input.sizes.dropLast())
    return [.tensor(Tensor(strings: taken, shape: leading + [indices.count]))]
  }
}
