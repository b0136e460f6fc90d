public import HoneIR
import HoneKernels

/// Slices of the operand along `axis`, as `indices` name them.
public struct Gather: MovementOp, SymbolicOp {
  public var axis = 0
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let shape = data.shape, let indices = try call.shape(1) else { return [.tensor(data.with(shape: nil))] }
    let axis = try call.axis(axis, rank: shape.count)
    return [.tensor(data.with(shape: Array(shape[..<axis]) + indices + shape[(axis + 1)...]))]
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let elements = call.symbolicVector(0), let rank = call.operands[1]?.type.tensor?.rank, rank <= 1,
      let indices = call.integers(1)
    else { return nil }
    var result: [Dimension] = []
    for index in indices {
      guard index >= -elements.count, index < elements.count else { return nil }
      result.append(elements[index < 0 ? index + elements.count : index])
    }
    return result
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    let isWide = try IndexReader(call.element(1)).isWide
    let count = try call.sizes(1).product
    let outer = sizes[..<axis].reduce(1, *)
    let row = sizes[(axis + 1)...].reduce(1, *) * (try call.element(0).byteWidth)
    let rows = sizes[axis]
    let part = min(max((1 << 16) / max(row, 1), 1), max(count, 1))
    let parts = (count + part - 1) / part
    return Kernel(tasks: outer * parts) { frame, range in
      guard count > 0 else { return }
      for task in range where task < outer * parts {
        let (block, first) = (task / parts, task % parts * part)
        let isInside = gatherRows(
          from: frame.operandBytes(0) + block * rows * row, rowCount: rows, rowByteCount: row,
          indices: frame.operandBytes(1) + first * (isWide ? 8 : 4), areWide: isWide, count: min(part, count - first),
          to: frame.resultBytes() + (block * count + first) * row)
        if !isInside { frame.fail(.indexOutOfRange) }
      }
    }
  }
}

extension Gather: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let gradient = GatherGradient(axis: axis, sizes: try g.sizes(of: node.operands[0]!))
    return [try g.apply(gradient, dy, node.operands[1])]
  }
}
