public import HoneIR

/// Zeros with a one at the category that each element is, along a new last axis.
public struct OneHotEncoder: ExecutableOp, EvaluatedOp {
  public var cats_int64s: [Int] = []
  public var cats_strings: [String] = []
  public var zeros = true
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  private var count: Int { max(cats_int64s.count, cats_strings.count) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    guard (input.element == .string) == !cats_strings.isEmpty else {
      throw GraphError(
        .type, "the categories are \(cats_strings.isEmpty ? "numbers" : "strings"), the operand is \(input)")
    }
    return [.tensor(.float32, input.shape.map { $0 + [.fixed(count)] })]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let access = try DoubleAccess(call.element(0))
    let total = try call.sizes(0).reduce(1, *)
    let places = Dictionary(cats_int64s.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
    let width = count
    return Kernel { frame in
      let target = frame.result(0, as: Float.self)
      target.update(repeating: 0, count: total * width)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 1) { number in
        for i in 0..<total {
          access.load(frame.operandBytes(0), from: i, count: 1, into: number.baseAddress!)
          if let category = Int(exactly: number[0].rounded(.towardZero)), let place = places[category] {
            target[i * width + place] = 1
          } else if !zeros {
            return frame.fail(.indexOutOfRange)
          }
        }
      }
    }
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let places = Dictionary(cats_strings.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
    var values = [Float](repeating: 0, count: input.elementCount * count)
    for (i, string) in input.strings.enumerated() {
      if let place = places[string] {
        values[i * count + place] = 1
      } else if !zeros {
        throw GraphError(.input, "“\(string)” is none of the categories")
      }
    }
    return [.tensor(Tensor(values, shape: input.sizes + [count]))]
  }
}
