public import HoneIR

/// The tensors of a sequence, joined along an axis or stacked along a new one.
public struct ConcatFromSequence: EvaluatedOp, RequiringOp {
  public var axis = 0
  public var new_axis = false
  public init() {}
  public static var required: [String] { ["axis"] }
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard case .tensor(let element) = call.withFreshSizes(try call.sequenceElement(0)) else {
      throw GraphError(.type, "only tensors can be joined")
    }
    guard var shape = element.shape else { return [.tensor(element)] }
    let axis = try call.axis(axis, rank: shape.count + (new_axis ? 1 : 0))
    if new_axis { shape.insert(call.unknownSize(), at: axis) } else { shape[axis] = call.unknownSize() }
    return [.tensor(element.with(shape: shape))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    var tensors: [Tensor] = []
    for item in try operands.sequence(0) { tensors.append(try [item].tensor(0)) }
    guard let first = tensors.first else { throw GraphError(.input, "the sequence is empty") }
    let rank = first.sizes.count + (new_axis ? 1 : 0)
    let place = axis < 0 ? axis + rank : axis
    guard place >= 0, place < rank else { throw GraphError(.input, "axis \(axis) of rank \(rank)") }
    return [.tensor(new_axis ? try .stacked(tensors, along: place) : try .concatenated(tensors, along: place))]
  }
}
