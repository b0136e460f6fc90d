public import HoneIR

/// Blocks of pixels gathered into channels: [n, c, b·h, b·w] → [n, b²·c, h, w].
public struct SpaceToDepth: MovementOp, RequiringOp {
  public var blocksize = 1
  public var mode = DepthMode.DCR
  public init() {}
  public static var required: [String] { ["blocksize"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data.with(shape: (0..<4).map { _ in call.unknownSize() }))] }
    let b = blocksize
    guard shape.count == 4, b > 0, b < 1 << 20, (shape[2].size ?? 0) % b == 0, (shape[3].size ?? 0) % b == 0 else {
      throw GraphError(.type, "\(data) has no blocks of \(b)")
    }
    return [
      .tensor(
        data.with(shape: [shape[0], shape[1] * Dimension(b * b), shape[2] / Dimension(b), shape[3] / Dimension(b)]))
    ]
  }
  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let (x, b) = (try call.sizes(0), blocksize)
    let (c, h, w) = (x[1], x[2] / b, x[3] / b)
    // Axes of the copy: n, c, h, block row, w, block column, as they lie in the operand.
    let sizes = [x[0], c, h, b, w, b]
    let (channel, blockRow, blockColumn) = mode == .DCR ? (1, b * c, c) : (b * b, b, 1)
    let destination = [c * b * b * h * w, channel * h * w, w, blockRow * h * w, 1, blockColumn * h * w]
    var copies = CopyList()
    try copies.add(sizes, from: strides(of: sizes), to: destination, width: call.element(0).byteWidth)
    return copies.kernel()
  }
}

extension SpaceToDepth: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    var inverse = DepthToSpace()
    (inverse.blocksize, inverse.mode) = (blocksize, mode)
    return [try g.apply(inverse, dy)]
  }
}
