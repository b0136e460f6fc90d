import HoneIR

extension Planner.Round {
  /// Steps to run band by band.
  struct BandDraft {
    var members: Range<Int>
    var bands: Bands
  }

  /// Values smaller than this stay in the cache anyway.
  private static let leastByteCount = 640 << 10
  /// What the windows of one thread may take: a part of a second-level cache, beside weights.
  private static let windowByteCount = 512 << 10

  /// Brings the only reader of a large value next to the step that makes it, where both work on rows alone, and so on.
  mutating func formBands(exported: [Int]) -> [BandDraft] {
    let drafts = steps
    guard drafts.contains(where: { $0.kernel.rows != nil }) else { return [] }
    var producer: [Int: Int] = [:], readers: [Int: Set<Int>] = [:]
    for (i, step) in drafts.enumerated() {
      for case let slot? in step.results { producer[slot] = i }
      for case let slot? in step.operands { readers[slot, default: []].insert(i) }
    }
    let exported = Set(exported)
    var order: [Int] = [], isPlaced = [Bool](repeating: false, count: drafts.count)
    var results: [BandDraft] = []
    func place(_ i: Int) {
      order.append(i)
      isPlaced[i] = true
    }
    func isReady(_ i: Int) -> Bool {
      drafts[i].operands.allSatisfy { slot in slot.flatMap { producer[$0] }.map { isPlaced[$0] } ?? true }
    }
    for start in drafts.indices where !isPlaced[start] {
      place(start)
      var members = [start]
      while let slot = drafts[members.last!].windowedResult(leastByteCount: Self.leastByteCount),
        !exported.contains(slot), let all = readers[slot], all.count == 1, let next = all.first, !isPlaced[next],
        isReady(next), drafts[next].canFollow(drafts[members.last!], through: slot)
      {
        place(next)
        members.append(next)
      }
      guard members.count > 1 else { continue }
      let bands = Bands(
        members.map { i in
          let step = drafts[i], rows = step.kernel.rows!
          let before = i == start ? nil : drafts[order[order.lastIndex(of: i)! - 1]].results[0]
          let operands = Set(step.operands.indices.filter { before != nil && step.operands[$0] == before })
          return Bands.Member(
            rows: rows, rowByteCount: step.types.results[0].byteCount! / max(rows.images * rows.count, 1),
            window: operands.first.map { rows.windows[$0]! } ?? Kernel.RowWindow(count: rows.count), operands: operands)
        }, threads: planner.threads, byteCount: Self.windowByteCount)
      results.append(BandDraft(members: order.count - members.count..<order.count, bands: bands))
    }
    steps = order.map { drafts[$0] }
    return results
  }
}

extension Planner.Round.DraftStep {
  /// Result 0 where it is large, the only result, and made by rows alone.
  fileprivate func windowedResult(leastByteCount: Int) -> Int? {
    guard let rows = kernel.rows, rows.count > 1, kernel.stages.isEmpty, results.compactMap(\.self).count == 1,
      let bytes = types.results[0].byteCount, bytes >= leastByteCount * rows.images
    else { return nil }
    return results[0]
  }

  /// Whether it reads the result of `step` in one window only.
  fileprivate func canFollow(_ step: Self, through slot: Int) -> Bool {
    guard let rows = kernel.rows, let made = step.kernel.rows, kernel.stages.isEmpty, rows.images == made.images,
      results.compactMap(\.self).count == 1
    else { return false }
    let windows = operands.indices.filter { operands[$0] == slot }.map { rows.windows[$0] }
    guard let first = windows.first, let window = first, window.count == made.count else { return false }
    return windows.allSatisfy { $0 == window }
  }
}
