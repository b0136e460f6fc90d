public import HoneIR

/// A sequence without elements.
public struct SequenceEmpty: EvaluatedOp {
  public var dtype: ElementType = .float32
  public init() {}
  public static var since: Int { 11 }

  private var element: ValueType { .tensor(dtype, nil as [Dimension]?) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.sequence(element)] }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    [.sequence([], of: element)]
  }
}
