public import HoneIR

/// Runs `body` until a trip count is reached or a condition fails; values are carried from one turn to the next,
/// and the remaining outputs of the body are stacked.
public struct Loop: RegionOp, EvaluatedOp, RequiringOp {
  public var body = Region()
  public init() {}
  public static var required: [String] { ["body"] }
  public static var since: Int { 13 }

  public var regions: [Region] {
    get { [body] }
    set { body = newValue[0] }
  }

  /// Values carried between turns.
  private func carriedCount(_ operandCount: Int) -> Int { operandCount - 2 - body.captureCount }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    let carried = carriedCount(call.count)
    let types = body.outputTypes
    guard carried >= 0, body.formalInputs.count == carried + 2 else {
      throw GraphError(.arity, "carries \(carried) values, its body takes \(body.formalInputs.count - 2)")
    }
    guard types.count > carried else {
      throw GraphError(.arity, "the body gives \(types.count) values for \(carried) carried ones")
    }
    guard call.has(0) || call.has(1) else {
      throw GraphError(.unsupported, "without trip count and condition it never ends")
    }
    try call.expectRegionOutputs(types.count - 1)
    var results: [ValueType] = []
    for (i, type) in types.dropFirst().enumerated() {
      if i >= carried {
        results.append(.tensor(try stacked(type, call)))
      } else if let initial = call.operands[2 + i]?.type {
        results.append(call.carried(initial, type))
      } else {
        results.append(call.withFreshSizes(type))
      }
    }
    return Array(results.prefix(call.resultCount))
  }

  private func stacked(_ type: ValueType, _ call: Call) throws(GraphError) -> TensorType {
    guard case .tensor(let element) = call.withFreshSizes(type) else {
      throw GraphError(.type, "only tensors can be stacked, the body gives \(type)")
    }
    return element.with(shape: element.shape.map { [call.unknownSize()] + $0 })
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let carriedCount = carriedCount(operands.count)
    let limit = operands.optionalTensor(0).map { $0.integer(at: 0) } ?? Int.max
    let asksCondition = operands[1] != nil
    var goesOn = asksCondition ? try operands.condition(1) : true
    var carried = Array(operands[2..<(2 + carriedCount)])
    let captures = operands.suffix(body.captureCount)
    var collected: [[Tensor]] = Array(repeating: [], count: body.graph.outputs.count - 1 - carriedCount)

    var turn = 0
    while turn < limit && goesOn {
      let number = body.scalar(.scalar(Int64(turn)), forInput: 0)
      let condition = body.scalar(.scalar(goesOn), forInput: 1)
      let fitted = carried.enumerated().map { body.fitted($1, forInput: 2 + $0) }
      let results = try context.run(body, [number, condition] + fitted + captures)
      if asksCondition { goesOn = try [results.first].condition(0) }
      carried = results[1..<(1 + carriedCount)].map { $0 }
      for (i, value) in results[(1 + carriedCount)...].enumerated() { collected[i].append(try [value].tensor(0)) }
      turn += 1
    }

    var results: [RuntimeValue] = []
    for value in carried {
      guard let value else { throw GraphError(.input, "a carried value is absent and no turn was run") }
      results.append(value)
    }
    for (i, tensors) in collected.enumerated() {
      results.append(.tensor(try stack(tensors, as: body.outputTypes[1 + carriedCount + i], along: 0)))
    }
    return Array(results.prefix(context.resultCount))
  }
}

extension Call {
  /// The type of a value that starts as `initial` and becomes `next` with every turn.
  func carried(_ initial: ValueType, _ next: ValueType) -> ValueType {
    guard let merged = try? merged(initial, next) else { return withFreshSizes(next) }
    return merged
  }
}

/// Stacks what the turns of a loop gave; without a turn, an empty tensor of the declared `type`.
func stack(_ tensors: [Tensor], as type: ValueType, along axis: Int) throws(GraphError) -> Tensor {
  guard tensors.isEmpty else { return try .stacked(tensors, along: axis) }
  guard let type = type.tensor else { throw GraphError(.type, "only tensors can be stacked, not \(type)") }
  var sizes = (type.shape ?? []).map { $0.size ?? 0 }
  sizes.insert(0, at: min(axis, sizes.count))
  return .zeros(TensorType(type.element, sizes))
}
