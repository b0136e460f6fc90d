import HoneIR
import HoneKernels

/// Attention of few queries to the first keys of a cache: nothing behind the valid keys is read.
struct CountedAttention: Sendable {
  private let layout: AttentionLayout
  private let mask: AttentionMask
  private let scale, softcap: Float
  private let isNarrow: Bool
  /// More float32 queries than these are worth packing keys for.
  static let mostQueries = 4

  /// The plan for operands that are all float32 or all bfloat16, a mask of float32 or bool, counts of valid keys, and one
  /// result.
  init?(_ call: Call, _ op: Attention, _ layout: AttentionLayout) throws(GraphError) {
    let elements = Set([try call.element(0), try call.element(1), try call.element(2)])
    guard call.has(6), !call.has(4), !(1...3).contains(where: call.isUsed), elements.count == 1,
      let element = elements.first, element == .float32 || element == .bfloat16
    else { return nil }
    if call.has(3), ![.float32, .bool].contains(try call.element(3)) { return nil }
    self.layout = layout
    isNarrow = element == .bfloat16
    guard isNarrow || layout.queries <= Self.mostQueries else { return nil }
    mask = try AttentionMask(call, op, layout)
    (scale, softcap) = (op.scale ?? 1 / Float(layout.depth).squareRoot(), op.softcap)
  }

  func kernel() -> Kernel { isNarrow ? kernel(of: BFloat16.self) : kernel(of: Float.self) }

  /// Scratch holds the scores, the query and the result as float32.
  private func kernel<E: CachedElement>(of _: E.Type) -> Kernel {
    let count = layout.batch * layout.queryHeads
    let scratch = (layout.keys + layout.depth + layout.width) * 4
    return Kernel(tasks: count, scratch: scratch) { frame, range in
      for task in range where task < count {
        let (b, h) = task.quotientAndRemainder(dividingBy: layout.queryHeads)
        for i in 0..<layout.queries { run(frame, b, h, i, E.self) }
      }
    }
  }

  private func run<E: CachedElement>(_ frame: borrowing Frame, _ b: Int, _ h: Int, _ i: Int, _: E.Type) {
    let scores = frame.scratch.assumingMemoryBound(to: Float.self)
    let (query, sum) = (scores + layout.keys, scores + layout.keys + layout.depth)
    let q = frame.operand(0, as: E.self) + layout.q.offset(b, h, i)
    for d in 0..<layout.depth { query[d] = q[d].number }
    sum.update(repeating: 0, count: layout.width)
    let visible = mask.visible(frame, b, i)
    let keys = frame.operand(1, as: E.self) + layout.k.offset(b, h / layout.group)
    for j in visible { scores[j] = scale * E.dot(query, keys + j * layout.k.row, layout.depth) }
    if softcap > 0 { for j in visible { scores[j] = softcap * Float.tanh(scores[j] / softcap) } }
    if mask.add(to: scores, frame, b, h, i, visible) {
      let seen = scores + visible.lowerBound
      Float.softmax(seen, count: visible.count, logarithm: false, into: seen)
      let values = frame.operand(2, as: E.self) + layout.v.offset(b, h / layout.group)
      for j in visible where scores[j] != 0 { E.add(scores[j], values + j * layout.v.row, to: sum, layout.width) }
    }
    E.store(sum, to: frame.result(0, as: E.self) + layout.y.offset(b, h, i), layout.width)
  }
}
