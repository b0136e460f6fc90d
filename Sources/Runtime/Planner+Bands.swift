import HoneIR

extension Planner.Round {
  /// Steps to run band by band.
  struct BandDraft {
    var members: Range<Int>
    var bands: Bands
  }

  /// The largest part of their work that bands may do twice, at borders between threads.
  private static let mostRepeated = 0.25
  /// What the windows of one thread may take: a part of a second-level cache, beside weights.
  private static let windowByteCount = 512 << 10

  /// Brings the only reader of a large value next to the step that makes it, where both work on rows alone, and so on.
  mutating func formBands(exported: [Int]) -> [BandDraft] {
    let drafts = steps
    guard drafts.contains(where: { $0.kernel.rows != nil }) else { return [] }
    let exported = Set(exported)
    var placement = StepPlacement(drafts)
    var results: [BandDraft] = []
    for start in drafts.indices where !placement.isPlaced[start] {
      placement.place(start)
      var last = start
      var members: [Bands.Member] = []
      while let slot = drafts[last].windowedResult(threads: planner.threads), !exported.contains(slot),
        let readers = placement.readers[slot], readers.count == 1, placement.isReady(readers[0]),
        let member = drafts[readers[0]].member(after: drafts[last], through: slot)
      {
        let longer = (members.isEmpty ? [drafts[start].firstMember] : members) + [member]
        guard Bands.repeatedShare(longer, threads: planner.threads) <= Self.mostRepeated else { break }
        members = longer
        last = readers[0]
        placement.place(last)
      }
      guard !members.isEmpty else { continue }
      let end = placement.order.count
      results.append(
        BandDraft(
          members: end - members.count..<end,
          bands: Bands(members, threads: planner.threads, byteCount: Self.windowByteCount)))
    }
    steps = placement.order.map { drafts[$0] }
    return results
  }
}

extension Planner.Round.DraftStep {
  /// Result 0 where it is large, the only result, and made by rows alone.
  fileprivate func windowedResult(threads: Int) -> Int? {
    guard let rows = kernel.rows, rows.count > 1, kernel.stages.isEmpty, results.compactMap(\.self).count == 1,
      let bytes = types.results[0].byteCount, bytes >= leastByteCount(threads: threads) * rows.images
    else { return nil }
    return results[0]
  }

  /// Bytes of an image below which a value had better be made as a whole: it stays in the cache anyway. Between threads even
  /// a small one passes from one processor's cache to another's, and a barrier follows it, which weighs more the faster the
  /// arithmetic is.
  private func leastByteCount(threads: Int) -> Int {
    threads > 1 && types.results[0].element.bitWidth < 32 ? 20 << 10 : 640 << 10
  }

  /// This step, which computes by rows, before all others.
  fileprivate var firstMember: Bands.Member {
    let rows = kernel.rows!
    return Bands.Member(rows: rows, rowByteCount: rowByteCount(rows), window: Kernel.RowWindow(count: rows.count))
  }

  /// This step behind `step`, if it reads the result of that in one window only.
  fileprivate func member(after step: Self, through slot: Int) -> Bands.Member? {
    guard let rows = kernel.rows, let made = step.kernel.rows, kernel.stages.isEmpty, rows.images == made.images,
      results.compactMap(\.self).count == 1
    else { return nil }
    let reading = operands.indices.filter { operands[$0] == slot }
    guard let first = reading.first, let window = rows.windows[first], window.count == made.count,
      reading.allSatisfy({ rows.windows[$0] == window })
    else { return nil }
    return Bands.Member(rows: rows, rowByteCount: rowByteCount(rows), window: window, operands: Set(reading))
  }

  private func rowByteCount(_ rows: Kernel.Rows) -> Int {
    types.results[0].byteCount! / max(rows.images * rows.count, 1)
  }
}
