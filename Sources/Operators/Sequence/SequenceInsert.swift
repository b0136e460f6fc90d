public import HoneIR

/// A sequence with one more tensor, before a position or at the end.
public struct SequenceInsert: EvaluatedOp {
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    return [.sequence(try call.merged(call.sequenceElement(0), .tensor(call.tensor(1))))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    var items = try operands.sequence(0)
    let tensor = try operands.tensor(1)
    let position = operands.optionalTensor(2).map { $0.integer(at: 0) } ?? items.count
    items.insert(.tensor(tensor), at: position == items.count ? position : try place(position, of: items.count))
    return [.sequence(items, of: .tensor(tensor.element, nil as [Dimension]?))]
  }
}
