public import HoneIR

/// The number of tensors in a sequence.
public struct SequenceLength: EvaluatedOp {
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    _ = try call.sequenceElement(0)
    return [.tensor(.int64, [] as [Int])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    [.tensor(.scalar(Int64(try operands.sequence(0).count)))]
  }
}
