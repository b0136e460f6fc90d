public import HoneIR

/// The sequence of the operands.
public struct SequenceConstruct: EvaluatedOp {
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    var element = ValueType.tensor(try call.tensor(0))
    for i in 1..<max(call.count, 1) { element = try call.merged(element, .tensor(call.tensor(i))) }
    return [.sequence(element)]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let items = operands.compactMap { $0 }
    let element = try operands.tensor(0).element
    return [.sequence(items, of: .tensor(element, nil as [Dimension]?))]
  }
}
