public import HoneIR

/// The results of `then_branch` if the condition holds, else those of `else_branch`.
public struct If: BranchingOp, EvaluatedOp, RequiringOp {
  public var then_branch = Region()
  public var else_branch = Region()
  public init() {}
  public static var required: [String] { ["then_branch", "else_branch"] }

  public var regions: [Region] {
    get { [then_branch, else_branch] }
    set { (then_branch, else_branch) = (newValue[0], newValue[1]) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard call.count >= 1 else { throw GraphError(.arity, "takes a condition") }
    let (first, second) = (then_branch.outputTypes, else_branch.outputTypes)
    guard first.count == second.count else {
      throw GraphError(.arity, "the branches give \(first.count) and \(second.count) values")
    }
    try call.expectRegionOutputs(first.count)
    var types: [ValueType] = []
    for (a, b) in zip(first, second).prefix(call.resultCount) {
      types.append(call.withFreshSizes(try call.merged(a, b)))
    }
    return types
  }

  public var decidingOperands: Set<Int> { [0] }
  public func branch(_ call: Call) throws(GraphError) -> Region {
    try [call.operands[0]?.known.map { .tensor($0) }].condition(0) ? then_branch : else_branch
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let branch = try operands.condition(0) ? then_branch : else_branch
    return Array(try context.run(branch, Array(operands.dropFirst())).prefix(context.resultCount))
  }
}
