public import HoneIR
import HoneKernels

/// A copy of operand 0 in which the slices that tuples of indices name become, or are joined with, those of `updates`.
public struct ScatterND: MovementOp {
  public var reduction = ScatterReduction.none
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(0))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let element = try call.element(0)
    let tuples = try SliceTuples(call.sizes(1), in: sizes, call.element(1))
    let updates = try call.tensor(2)
    guard updates.element == element, updates.elementCount == tuples.count * tuples.sliceLength else {
      throw GraphError(.type, "updates \(updates) do not fit indices \(try call.tensor(1)) of \(try call.tensor(0))")
    }
    try reduction.expectSupport(for: element)
    let (width, byteCount, reduction) = (element.byteWidth, sizes.product * element.byteWidth, reduction)
    return Kernel(overwrites: [0: 0]) { frame in
      let (indices, updates, result) = (frame.operandBytes(1), frame.operandBytes(2), frame.resultBytes())
      if frame.operandBytes(0) != UnsafeRawPointer(result) {
        result.copyMemory(from: frame.operandBytes(0), byteCount: byteCount)
      }
      let sliceBytes = tuples.sliceLength * width
      for i in 0..<tuples.count {
        guard let slice = tuples.slice(indices, i) else {
          frame.fail(.indexOutOfRange)
          continue
        }
        if reduction == .none {
          moveElement(result + slice * sliceBytes, updates + i * sliceBytes, sliceBytes)
        } else {
          reduction.join(result + slice * sliceBytes, updates + i * sliceBytes, tuples.sliceLength, element)
        }
      }
    }
  }
}

extension ScatterND: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (x, indices, updates) = (node.operands[0]!, node.operands[1], node.operands[2]!)
    let pullback = ScatterPullback(
      reduction: reduction,
      scatter: { data, updates, reduction, g throws(GraphError) in
        var scatter = self
        scatter.reduction = reduction
        return try g.apply(scatter, data, indices, updates)
      },
      gather: { data, g throws(GraphError) in
        try g.apply(GatherND(), data, indices)
      })
    let (data, update) = try pullback.cotangents(of: x, updates, y: node.result, dy, in: &g)
    return [data, nil, update]
  }
}
