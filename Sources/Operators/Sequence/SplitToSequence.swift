public import HoneIR

/// A tensor cut along an axis into the parts of a sequence.
public struct SplitToSequence: EvaluatedOp {
  public var axis = 0
  public var keepdims = true
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    let input = try call.tensor(0)
    guard var shape = input.shape else { return [.sequence(.tensor(input))] }
    let axis = try call.axis(axis, rank: shape.count)
    if call.has(1) {
      shape[axis] = call.unknownSize()
    } else if keepdims {
      shape[axis] = 1
    } else {
      shape.remove(at: axis)
    }
    return [.sequence(.tensor(input.with(shape: shape)))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let axis = axis < 0 ? axis + input.sizes.count : axis
    let size = input.sizes[axis]
    var items: [RuntimeValue] = []
    if let split = operands.optionalTensor(1) {
      var start = 0
      for length in try lengths(split, of: size) {
        items.append(.tensor(try input.piece(along: axis, start..<(start + length))))
        start += length
      }
    } else {
      for i in 0..<size {
        items.append(.tensor(keepdims ? try input.piece(along: axis, i..<(i + 1)) : try input.element(i, along: axis)))
      }
    }
    return [.sequence(items, of: .tensor(input.element, nil as [Dimension]?))]
  }

  private func lengths(_ split: Tensor, of size: Int) throws(GraphError) -> [Int] {
    let lengths = split.integers
    if split.sizes.isEmpty {
      guard lengths[0] > 0 else { throw GraphError(.input, "parts of length \(lengths[0])") }
      return stride(from: 0, to: size, by: lengths[0]).map { min(lengths[0], size - $0) }
    }
    guard lengths.allSatisfy({ $0 >= 0 && $0 <= size }), lengths.reduce(0, +) == size else {
      throw GraphError(.input, "parts of \(lengths) do not make up an axis of \(size)")
    }
    return lengths
  }
}
