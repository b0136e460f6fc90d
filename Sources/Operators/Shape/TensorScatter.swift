public import HoneIR

/// A cache in which `update` is written along `axis`, for each batch from its own `write_indices` on.
public struct TensorScatter: MovementOp {
  /// What happens at the end of the axis.
  public enum Mode: String, Codable, Sendable { case linear, circular }
  public var axis = -2
  public var mode = Mode.linear
  public init() {}
  public static var since: Int { 24 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    return [.tensor(try call.tensor(0))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let (cache, update) = (try call.sizes(0), try call.sizes(1))
    let axis = try call.axis(axis, rank: cache.count)
    guard axis > 0 else { throw GraphError(.attribute, "axis 0 is the batch") }
    var expected = cache
    expected[axis] = update.count > axis ? update[axis] : 0
    let length = expected[axis]
    let size = cache[axis]
    guard update == expected, length <= size, try call.element(0) == call.element(1) else {
      throw GraphError(.type, "update \(try call.tensor(1)) does not fit cache \(try call.tensor(0))")
    }
    if let indices = try call.optionalTensor(2), indices != TensorType(.int64, [cache[0]]) {
      throw GraphError(.type, "write_indices must be int64[\(cache[0])], are \(indices)")
    }
    let hasIndices = call.has(2)
    let perBatch = cache[1..<axis].reduce(1, *)
    let row = cache[(axis + 1)...].reduce(1, *) * (try call.element(0).byteWidth)
    let (batches, isCircular) = (cache[0], mode == .circular)
    return Kernel(tasks: batches * perBatch, overwrites: [0: 0]) { frame, range in
      let (old, update, result) = (frame.operandBytes(0), frame.operandBytes(1), frame.resultBytes())
      for block in range where block < batches * perBatch {
        let target = result + block * size * row
        if old != UnsafeRawPointer(result) { target.copyMemory(from: old + block * size * row, byteCount: size * row) }
        var start = hasIndices ? Int(frame.operand(2, as: Int64.self)[block / perBatch]) : 0
        if isCircular && size > 0 { start = (start % size + size) % size }
        guard start >= 0, isCircular || start <= size - length else {
          frame.fail(.indexOutOfRange)
          continue
        }
        let first = min(length, size - start)
        let source = update + block * length * row
        (target + start * row).copyMemory(from: source, byteCount: first * row)
        target.copyMemory(from: source + first * row, byteCount: (length - first) * row)
      }
    }
  }
}

extension TensorScatter: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (update, indices) = (node.operands[1]!, node.operands.count > 2 ? node.operands[2] : nil)
    let (sizes, cache) = (try g.sizes(of: update), try g.sizes(of: dy))
    let axis = try g.call(for: node).axis(axis, rank: sizes.count)
    let zeros = try g.zeros(sizes, g.tensorType(of: update).element)
    let rest = try g.apply(self, [dy, zeros] + (indices.map { [$0] } ?? []), resultCount: 1)[0]
    guard let indices else {
      func vector(_ number: Int) -> Value { g.constant(.integers([number])) }
      return [rest, try g.apply(Slice(), dy, vector(0), vector(sizes[axis]), vector(axis))]
    }
    // Where each position of the update went: write_indices[batch] + position, perhaps around the end.
    let ones = Array(repeating: 1, count: sizes.count)
    var (batch, line) = (ones, ones)
    (batch[0], line[axis]) = (sizes[0], sizes[axis])
    let steps = g.constant(Tensor.integers(Array(0..<sizes[axis])).reshaped(line))
    var places = try g.apply(Add(), g.shaped(indices, batch), steps)
    if mode == .circular { places = try g.apply(Mod(), places, g.constant(.scalar(Int64(cache[axis])))) }
    var gather = GatherElements()
    gather.axis = axis
    return [rest, try g.apply(gather, dy, g.apply(Expand(), places, g.constant(.integers(sizes))))]
  }
}
