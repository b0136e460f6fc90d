/// Places buffers whose lifetimes overlap side by side in one arena.
struct MemoryPlanner {
  struct Buffer {
    let byteCount: Int
    var first: Int
    var last: Int
    var offset = 0
    /// Memory of one kernel, not of a value.
    var isWorkspace = false
  }
  private(set) var buffers: [Buffer] = []
  private(set) var byteCount = 0

  mutating func add(byteCount: Int, at step: Int, isWorkspace: Bool = false) -> Int {
    buffers.append(
      Buffer(byteCount: (max(byteCount, 1) + 63) & ~63, first: step, last: step, isWorkspace: isWorkspace))
    return buffers.count - 1
  }
  mutating func extend(_ buffer: Int, to step: Int) { buffers[buffer].last = max(buffers[buffer].last, step) }

  /// Gives every buffer the lifetime that `body` makes of its own.
  mutating func widen(_ body: (ClosedRange<Int>) -> ClosedRange<Int>) {
    for i in buffers.indices {
      let range = body(buffers[i].first...buffers[i].last)
      (buffers[i].first, buffers[i].last) = (range.lowerBound, range.upperBound)
    }
  }

  /// Most bytes of buffers that are alive at the same time.
  func peak(where isCounted: (Buffer) -> Bool) -> Int {
    var changes: [Int: Int] = [:]
    for buffer in buffers where isCounted(buffer) {
      changes[buffer.first, default: 0] += buffer.byteCount
      changes[buffer.last + 1, default: 0] -= buffer.byteCount
    }
    var (sum, most) = (0, 0)
    for (_, change) in changes.sorted(by: { $0.key < $1.key }) {
      sum += change
      most = max(most, sum)
    }
    return most
  }

  /// Largest first, each at the lowest gap that fits among those alive at the same time (Pisarchyk and Lee, arXiv 2001.03288).
  mutating func assign() {
    let order = buffers.indices.sorted { (buffers[$0].byteCount, $1) > (buffers[$1].byteCount, $0) }
    var placed: [Int] = []
    for i in order {
      let buffer = buffers[i]
      let neighbours = placed.filter { buffers[$0].first <= buffer.last && buffer.first <= buffers[$0].last }
        .sorted { buffers[$0].offset < buffers[$1].offset }
      var offset = 0
      var best: (offset: Int, gap: Int)?
      for j in neighbours {
        let gap = buffers[j].offset - offset
        if gap >= buffer.byteCount, gap < best?.gap ?? .max { best = (offset, gap) }
        offset = max(offset, buffers[j].offset + buffers[j].byteCount)
      }
      buffers[i].offset = best?.offset ?? offset
      byteCount = max(byteCount, buffers[i].offset + buffer.byteCount)
      placed.append(i)
    }
  }
}
