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

  /// The data as batch × sequence × heads × features, with the distances between neighbours.
  private struct Layout {
    var batch, sequence, heads, head: Int
    var headStride, positionStride: Int
  }
  private func layout(_ sizes: [Int]) throws(GraphError) -> Layout {
    if sizes.count == 4 {
      return Layout(
        batch: sizes[0], sequence: sizes[2], heads: sizes[1], head: sizes[3], headStride: sizes[2] * sizes[3],
        positionStride: sizes[3])
    }
    guard sizes.count == 3, num_heads > 0, sizes[2] % num_heads == 0 else {
      throw GraphError(.type, "\(sizes) are not 4 axes, nor 3 axes with num_heads = \(num_heads) dividing the last")
    }
    let head = sizes[2] / num_heads
    return Layout(
      batch: sizes[0], sequence: sizes[1], heads: num_heads, head: head, headStride: head, positionStride: sizes[2])
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let layout = try layout(try call.sizes(0))
    let rotated = rotary_embedding_dim == 0 ? layout.head : rotary_embedding_dim
    let half = rotated / 2
    let cache = try call.sizes(1)
    let hasPositions = call.has(3)
    let wanted = hasPositions ? [cache[0], half] : [layout.batch, layout.sequence, half]
    guard rotated % 2 == 0, rotated <= layout.head, cache == wanted, try call.sizes(2) == wanted else {
      throw GraphError(.type, "the cosines and sines must be \(wanted), are \(cache) and \(try call.sizes(2))")
    }
    if hasPositions, try call.element(3) != .int64 { throw GraphError(.type, "positions must be int64") }
    let (first, second, step) = interleaved ? (0, 1, 2) : (0, half, 1)
    let perSample = layout.heads * layout.sequence * layout.head
    return Kernel(tasks: layout.batch * layout.sequence) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      for task in range where perSample * layout.batch > 0 {
        var position = task
        if hasPositions {
          position = Int(frame.operand(3, as: Int64.self)[task])
          guard position >= 0, position < cache[0] else { return frame.fail(.indexOutOfRange) }
        }
        let cosine = frame.operand(1, as: T.self) + position * half
        let sine = frame.operand(2, as: T.self) + position * half
        let start = task / layout.sequence * perSample + task % layout.sequence * layout.positionStride
        for h in 0..<layout.heads {
          let (source, target) = (x + start + h * layout.headStride, y + start + h * layout.headStride)
          for i in 0..<half {
            let (a, b) = (source[first + i * step], source[second + i * step])
            target[first + i * step] = a * cosine[i] - b * sine[i]
            target[second + i * step] = a * sine[i] + b * cosine[i]
          }
          for i in rotated..<layout.head { target[i] = source[i] }
        }
      }
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
