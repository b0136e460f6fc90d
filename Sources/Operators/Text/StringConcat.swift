public import HoneIR

/// Strings of two tensors joined, with broadcasting.
public struct StringConcat: EvaluatedOp {
  public init() {}
  public static var since: Int { 20 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(.string, try broadcast([call.stringShape(0), call.stringShape(1)]))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let (x, y) = (try operands.tensor(0), try operands.tensor(1))
    let sizes = try broadcast([x.type.shape, y.type.shape])!.map { $0.size! }
    let (left, right) = (x.strings, y.strings)
    let leftStrides = broadcastStrides(of: x.sizes, to: sizes)
    let rightStrides = broadcastStrides(of: y.sizes, to: sizes)
    let steps = strides(of: sizes)
    var joined: [String] = []
    for i in 0..<sizes.reduce(1, *) {
      var (a, b, rest) = (0, 0, i)
      for axis in sizes.indices {
        let index = rest / steps[axis]
        rest %= steps[axis]
        a += index * leftStrides[axis]
        b += index * rightStrides[axis]
      }
      joined.append(left[a] + right[b])
    }
    return [.tensor(Tensor(strings: joined, shape: sizes))]
  }
}

extension Call {
  /// The shape of operand `i`, a tensor of strings.
  func stringShape(_ i: Int) throws(GraphError) -> [Dimension]? {
    let type = try tensor(i)
    guard type.element == .string else { throw GraphError(.type, "operand \(i) must hold strings, is \(type)") }
    return type.shape
  }
}
