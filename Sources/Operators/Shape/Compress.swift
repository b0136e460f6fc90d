public import HoneIR

/// The slices along `axis`, or without it the elements, whose condition holds.
public struct Compress: EvaluatedOp {
  public var axis: Int?
  public init() {}
  public static var since: Int { 9 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let axis else { return [.tensor(data.with(shape: [call.unknownSize()]))] }
    guard var shape = data.shape else { return [.tensor(data)] }
    shape[try call.axis(axis, rank: shape.count)] = call.unknownSize()
    return [.tensor(data.with(shape: shape))]
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let (x, condition) = (try operands.tensor(0), try operands.tensor(1))
    guard condition.element == .bool, condition.sizes.count == 1 else {
      throw GraphError(.type, "the condition must be a bool vector, is \(condition.type)")
    }
    let kept = condition.bools.indices.filter { condition.bools[$0] }
    let data = axis == nil ? x.reshaped([x.elementCount]) : x
    var gather = Gather()
    gather.axis = axis ?? 0
    return try gather.evaluate([.tensor(data), .tensor(.integers(kept))], in: context)
  }
}
