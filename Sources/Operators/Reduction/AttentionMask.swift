import HoneIR

/// Which keys each query sees, and what is added to their scores.
struct AttentionMask: Sendable {
  private enum Form {
    case absent, boolean, additive
  }
  private let form: Form
  /// Distances between samples, heads and queries in the mask operand.
  private var strides = [0, 0, 0]
  /// Distance between keys.
  private var keyStride = 0
  /// Keys that the mask covers.
  private var covered: Int
  private let isCausal, hasCounts: Bool
  private let left, right: Int
  private let layout: AttentionLayout

  init(_ call: Call, _ op: Attention, _ layout: AttentionLayout) throws(GraphError) {
    self.layout = layout
    (isCausal, left, right, hasCounts) = (op.is_causal, op.left_window_size, op.right_window_size, call.has(6))
    covered = layout.keys
    if hasCounts, try call.sizes(6) != [layout.batch] {
      throw GraphError(.type, "there must be \(layout.batch) counts of valid keys")
    }
    guard call.has(3) else {
      form = .absent
      return
    }
    let type = try call.tensor(3)
    guard type.element == .bool || type.element.isFloatingPoint else {
      throw GraphError(.unsupported, "has no kernel for masks of \(type.element.rawValue)")
    }
    form = type.element == .bool ? .boolean : .additive
    let sizes = try call.sizes(3)
    let target = [layout.batch, layout.queryHeads, layout.queries]
    guard let last = sizes.last, last <= layout.keys, sizes.count <= 4,
      zip(sizes.dropLast().reversed(), target.reversed()).allSatisfy({ $0 == $1 || $0 == 1 })
    else { throw GraphError(.type, "the mask \(sizes) does not broadcast to \(target + [layout.keys])") }
    let all = broadcastStrides(of: sizes, to: target + [last])
    strides = Array(all[..<3])
    let repeats = last == 1 && layout.keys != 1
    (keyStride, covered) = (repeats ? 0 : 1, repeats ? layout.keys : last)
  }

  /// Nothing is masked or added.
  var isEmpty: Bool { form == .absent && !isCausal && left < 0 && right < 0 && !hasCounts }

  /// Masks the scores of query `i`; false if it sees no key.
  func apply<T: RowElement>(_ scores: UnsafeMutablePointer<T>, _ frame: borrowing Frame, _ b: Int, _ h: Int, _ i: Int)
    -> Bool
  {
    let range = visible(frame, b, i)
    for j in 0..<range.lowerBound { scores[j] = -.infinity }
    for j in range.upperBound..<layout.keys { scores[j] = -.infinity }
    return add(to: scores, frame, b, h, i, range)
  }

  /// Masks or adds to the scores of query `i` in the range that it sees; false if it sees no key.
  func add<T: RowElement>(
    to scores: UnsafeMutablePointer<T>, _ frame: borrowing Frame, _ b: Int, _ h: Int, _ i: Int, _ range: Range<Int>
  ) -> Bool {
    let start = b * strides[0] + h * strides[1] + i * strides[2]
    var count = 0
    switch form {
    case .absent: return !range.isEmpty
    case .boolean:
      let mask = frame.operand(3, as: UInt8.self) + start
      for j in range {
        let isOpen = mask[j * keyStride] != 0
        scores[j] = isOpen ? scores[j] : -.infinity
        count &+= isOpen ? 1 : 0
      }
    case .additive:
      let mask = frame.operand(3, as: T.self) + start
      for j in range {
        let value = mask[j * keyStride]
        let isOpen = value != -.infinity
        scores[j] = isOpen ? scores[j] + value : value
        count &+= isOpen ? 1 : 0
      }
    }
    return count > 0
  }

  /// The keys that query `i` sees before the mask operand hides some.
  func visible(_ frame: borrowing Frame, _ b: Int, _ i: Int) -> Range<Int> {
    var (from, to) = (0, covered)
    var position = layout.past + i
    if hasCounts {
      let count = Int(frame.operand(6, as: Int64.self)[b])
      position = count - layout.queries + i
      to = min(to, count)
    }
    if isCausal { to = min(to, position + 1) }
    if right >= 0 { to = min(to, position + right + 1) }
    if left >= 0 { from = max(from, position - left) }
    to = max(to, 0)
    return min(from, to)..<to
  }
}
