public import HoneIR

/// A sequence without the tensor at a position, by default the last.
public struct SequenceErase: EvaluatedOp {
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    return [.sequence(try call.sequenceElement(0))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    var items = try operands.sequence(0)
    let position = operands.optionalTensor(1).map { $0.integer(at: 0) } ?? -1
    items.remove(at: try place(position, of: items.count))
    return [.sequence(items, of: operands[0]!.sequenceElement!)]
  }
}
