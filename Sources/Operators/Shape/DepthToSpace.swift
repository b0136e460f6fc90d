public import HoneIR

/// The order of the parts of a channel.
public enum DepthMode: String, Codable, Sendable {
  /// Block row, block column, channel.
  case DCR
  /// Channel, block row, block column.
  case CRD
}

/// Blocks of channels spread over blocks of pixels: [n, b²·c, h, w] → [n, c, b·h, b·w].
public struct DepthToSpace: MovementOp, RequiringOp {
  public var blocksize = 1
  public var mode = DepthMode.DCR
  public init() {}
  public static var required: [String] { ["blocksize"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data.with(shape: (0..<4).map { _ in call.unknownSize() }))] }
    let b = blocksize
    guard shape.count == 4, b > 0, b < 1 << 20, (shape[1].size ?? 0) % (b * b) == 0 else {
      throw GraphError(.type, "\(data) cannot be spread over blocks of \(b)")
    }
    return [
      .tensor(
        data.with(shape: [shape[0], shape[1] / Dimension(b * b), shape[2] * Dimension(b), shape[3] * Dimension(b)]))
    ]
  }
  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let (x, b) = (try call.sizes(0), blocksize)
    let (c, h, w) = (x[1] / (b * b), x[2], x[3])
    // Axes of the result: n, c, h, block row, w, block column.
    let (channel, blockRow, blockColumn) = mode == .DCR ? (1, b * c, c) : (b * b, b, 1)
    let source = [x[1] * h * w, channel * h * w, w, blockRow * h * w, 1, blockColumn * h * w]
    let sizes = [x[0], c, h, b, w, b]
    var copies = CopyList()
    try copies.add(sizes, from: source, to: strides(of: sizes), width: call.element(0).byteWidth)
    return copies.kernel()
  }
}

extension DepthToSpace: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    var inverse = SpaceToDepth()
    (inverse.blocksize, inverse.mode) = (blocksize, mode)
    return [try g.apply(inverse, dy)]
  }
}
