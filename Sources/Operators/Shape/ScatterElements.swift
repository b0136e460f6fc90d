public import HoneIR
import HoneKernels

/// A copy of operand 0 in which y[…, indices[i, j, …], …] becomes, or is joined with, updates[i, j, …].
public struct ScatterElements: MovementOp {
  public var axis = 0
  public var reduction = ScatterReduction.none
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(0))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    let element = try call.element(0)
    let updates = try call.tensor(2)
    guard updates.sizes == (try call.sizes(1)), updates.element == element else {
      throw GraphError(.type, "updates \(updates) do not fit indices \(try call.tensor(1)) of \(try call.tensor(0))")
    }
    try reduction.expectSupport(for: element)
    let rows = try ElementRows(call.sizes(1), in: sizes, along: axis)
    let reader = try IndexReader(call.element(1))
    let (width, byteCount, reduction) = (element.byteWidth, sizes.product * element.byteWidth, reduction)
    return Kernel(overwrites: [0: 0]) { frame in
      let (indices, updates, result) = (frame.operandBytes(1), frame.operandBytes(2), frame.resultBytes())
      if frame.operandBytes(0) != UnsafeRawPointer(result) {
        result.copyMemory(from: frame.operandBytes(0), byteCount: byteCount)
      }
      for row in 0..<rows.rowCount {
        let start = rows.start(ofRow: row)
        for j in 0..<rows.rowLength {
          let i = row * rows.rowLength + j
          guard let index = reader.read(indices, i, size: rows.axisSize) else {
            frame.fail(.indexOutOfRange)
            continue
          }
          let target = result + (start + j * rows.step + index * rows.axisStride) * width
          if reduction == .none {
            moveElement(target, updates + i * width, width)
          } else {
            reduction.join(target, updates + i * width, 1, element)
          }
        }
      }
    }
  }
}

/// The old name of `ScatterElements`.
public struct Scatter: UpgradableOp {
  public var axis = 0
  public init() {}
  public static var since: Int { 9 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.type = ScatterElements.name
  }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    var op = ScatterElements()
    op.axis = axis
    return try op.infer(call)
  }
}

extension ScatterElements: DifferentiableOp {
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
        var gather = GatherElements()
        gather.axis = axis
        return try g.apply(gather, data, indices)
      })
    let (data, update) = try pullback.cotangents(of: x, updates, y: node.result, dy, in: &g)
    return [data, nil, update]
  }
}
