public import HoneIR
import HoneKernels

/// y[i, j, …] = x[…, indices[i, j, …], …], the index replacing the coordinate along `axis`.
public struct GatherElements: MovementOp {
  public var axis = 0
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.element(0), try call.shape(1))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    let rows = try ElementRows(call.sizes(1), in: sizes, along: axis)
    let reader = try IndexReader(call.element(1))
    let width = try call.element(0).byteWidth
    let grouped = max(4096 / max(rows.rowLength, 1), 1)
    return Kernel(tasks: (rows.rowCount + grouped - 1) / grouped) { frame, range in
      let (data, indices, result) = (frame.operandBytes(0), frame.operandBytes(1), frame.resultBytes())
      for row in range.items(grouped, of: rows.rowCount) {
        let start = rows.start(ofRow: row)
        for j in 0..<rows.rowLength {
          let i = row * rows.rowLength + j
          guard let index = reader.read(indices, i, size: rows.axisSize) else {
            frame.fail(.indexOutOfRange)
            continue
          }
          moveElement(result + i * width, data + (start + j * rows.step + index * rows.axisStride) * width, width)
        }
      }
    }
  }
}

extension GatherElements: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    var scatter = ScatterElements()
    (scatter.axis, scatter.reduction) = (axis, .add)
    return [try g.apply(scatter, g.zeros(g.sizes(of: x), g.tensorType(of: x).element), node.operands[1], dy)]
  }
}
