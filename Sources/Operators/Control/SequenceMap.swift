public import HoneIR

/// Applies `body` to each element of a sequence; further operands are sequences of equal length or values used each time.
public struct SequenceMap: RegionOp, EvaluatedOp, RequiringOp {
  public var body = Region()
  public init() {}
  public static var required: [String] { ["body"] }
  public static var since: Int { 17 }

  public var regions: [Region] {
    get { [body] }
    set { body = newValue[0] }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    let types = body.outputTypes
    guard call.count == body.graph.inputs.count else {
      throw GraphError(.arity, "has \(call.count) operands, its body takes \(body.graph.inputs.count)")
    }
    try call.expectRegionOutputs(types.count)
    return types.prefix(call.resultCount).map { .sequence(call.withFreshSizes($0)) }
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let count = try operands.sequence(0).count
    let mapped = operands.count - body.captureCount
    var collected: [[RuntimeValue]] = Array(repeating: [], count: body.graph.outputs.count)
    for turn in 0..<count {
      var inputs: [RuntimeValue?] = []
      for (i, operand) in operands.enumerated() {
        guard i < mapped, let items = operand?.sequence else {
          inputs.append(operand)
          continue
        }
        guard items.count == count else { throw GraphError(.input, "sequences of \(count) and \(items.count) values") }
        inputs.append(items[turn])
      }
      for (i, value) in try context.run(body, inputs).enumerated() { collected[i].append(value) }
    }
    return zip(collected, body.outputTypes).prefix(context.resultCount).map { .sequence($0, of: $1) }
  }
}
