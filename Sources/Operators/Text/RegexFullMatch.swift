public import HoneIR

/// Whether the whole of each string matches `pattern`, a regular expression in RE2 syntax.
public struct RegexFullMatch: EvaluatedOp {
  public var pattern = ""
  public init() {}
  public static var since: Int { 20 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    _ = try RegularExpression(pattern)
    return [.tensor(.bool, try call.stringShape(0))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let expression = try RegularExpression(pattern)
    return [.tensor(Tensor(input.strings.map(expression.matches), shape: input.sizes))]
  }
}
