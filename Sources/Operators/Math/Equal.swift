public import HoneIR
public import HoneKernels

/// y = whether a = b
public struct Equal: ComparisonOp, CommutativeOp, EvaluatedOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: ComparisonFunction { .equal }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let (a, b) = (try operands.tensor(0), try operands.tensor(1))
    guard a.element == .string, b.element == .string else { return try evaluateKernel([a, b]) }
    let walk = try BroadcastWalk([a, b])
    let (x, y) = (a.strings, b.strings)
    return [.tensor(Tensor(walk.map { x[$0[0]] == y[$0[1]] }, shape: walk.sizes))]
  }
}
