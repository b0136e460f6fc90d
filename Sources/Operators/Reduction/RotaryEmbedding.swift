public import HoneIR

/// Pairs of features turned by angles that depend on the position: (x₁·cos − x₂·sin, x₁·sin + x₂·cos)
public struct RotaryEmbedding: RowKernelOp {
  public var interleaved = false
  public var num_heads = 0
  public var rotary_embedding_dim = 0
  public init() {}
  public static var since: Int { 23 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...4)
    return [.tensor(try call.tensor(0))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let rotation = try Rotation(self, call)
    return Kernel(tasks: rotation.taskCount) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let (cosines, sines) = (frame.operand(1, as: T.self), frame.operand(2, as: T.self))
      rotation.forEachHead(range, frame) { start, angle in
        let (source, target) = (x + start, y + start)
        let (cosine, sine) = (cosines + angle, sines + angle)
        for i in 0..<rotation.half {
          let (first, second) = rotation.pair(i)
          let (a, b) = (source[first], source[second])
          target[first] = a * cosine[i] - b * sine[i]
          target[second] = a * sine[i] + b * cosine[i]
        }
        for i in rotation.rotated..<rotation.head { target[i] = source[i] }
      }
    }
  }
}

/// Where the features that a rotary embedding turns are, and by which angles.
struct Rotation: Sendable {
  /// Features of a head, those of them that turn, and pairs of these.
  let head, rotated, half: Int
  private let batch, sequence, heads: Int
  private let headStride, positionStride: Int
  private let hasPositions: Bool
  private let angleCount: Int
  private let interleaved: Bool

  init(_ op: RotaryEmbedding, _ call: Call) throws(GraphError) {
    let sizes = try call.sizes(0)
    if sizes.count == 4 {
      (batch, sequence, heads, head) = (sizes[0], sizes[2], sizes[1], sizes[3])
      (headStride, positionStride) = (sizes[2] * sizes[3], sizes[3])
    } else {
      guard sizes.count == 3, op.num_heads > 0, sizes[2] % op.num_heads == 0 else {
        throw GraphError(
          .type, "\(sizes) are not 4 axes, nor 3 axes with num_heads = \(op.num_heads) dividing the last")
      }
      (batch, sequence, heads, head) = (sizes[0], sizes[1], op.num_heads, sizes[2] / op.num_heads)
      (headStride, positionStride) = (sizes[2] / op.num_heads, sizes[2])
    }
    rotated = op.rotary_embedding_dim == 0 ? head : op.rotary_embedding_dim
    half = rotated / 2
    interleaved = op.interleaved
    let cache = try call.sizes(1)
    hasPositions = call.has(3)
    let wanted = hasPositions ? [cache[0], half] : [batch, sequence, half]
    guard rotated % 2 == 0, rotated <= head, cache == wanted, try call.sizes(2) == wanted else {
      throw GraphError(.type, "the cosines and sines must be \(wanted), are \(cache) and \(try call.sizes(2))")
    }
    if hasPositions, try call.element(3) != .int64 { throw GraphError(.type, "positions must be int64") }
    angleCount = cache[0]
  }

  /// One for each position of each sample.
  var taskCount: Int { batch * sequence }

  /// Both features of pair `i` of a head.
  @inline(__always)
  func pair(_ i: Int) -> (first: Int, second: Int) { interleaved ? (2 * i, 2 * i + 1) : (i, i + half) }

  /// Visits the heads of some positions: where their features begin, and where the angles of the position do.
  @inline(__always)
  func forEachHead(_ tasks: Range<Int>, _ frame: borrowing Frame, _ body: (_ start: Int, _ angle: Int) -> Void) {
    for task in tasks where batch * sequence * heads * head > 0 {
      var position = task
      if hasPositions {
        position = Int(frame.operand(3, as: Int64.self)[task])
        guard position >= 0, position < angleCount else { return frame.fail(.indexOutOfRange) }
      }
      let start = task / sequence * heads * sequence * head + task % sequence * positionStride
      for h in 0..<heads { body(start + h * headStride, position * half) }
    }
  }
}

extension RotaryEmbedding: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // Turned back; the angles have no cotangents.
    guard let dy = cotangents[0] else { return [] }
    let operands = [dy, node.operands[1], try g.apply(Neg(), node.operands[2])] + node.operands.dropFirst(3)
    return try g.apply(self, operands, resultCount: 1)
  }
}
