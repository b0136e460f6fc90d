public import HoneIR

/// The tensor at a position of a sequence.
public struct SequenceAt: EvaluatedOp {
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [call.withFreshSizes(try call.sequenceElement(0))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let items = try operands.sequence(0)
    return [items[try place(operands.tensor(1).integer(at: 0), of: items.count)]]
  }
}
