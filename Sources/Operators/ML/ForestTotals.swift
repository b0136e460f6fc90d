import HoneIR

/// Puts the votes of a forest together, for one block of rows.
struct ForestTotals<T: BinaryFloatingPoint & Sendable & BitwiseCopyable>: Sendable {
  let forest: Forest<T>
  let aggregate: TreeAggregate
  /// Added at the end: one for each target, or none.
  let base: [T]
  let features: Int

  private var targetCount: Int { forest.targetCount }
  /// Bytes for marks of targets that got a vote.
  var scratchByteCount: Int { FeatureRows.blockSize * targetCount }

  init(_ forest: Forest<T>, _ aggregate: TreeAggregate, base: [Double], features: Int) throws(GraphError) {
    guard base.isEmpty || base.count == forest.targetCount else {
      throw GraphError(.attribute, "\(base.count) base values for \(forest.targetCount) targets")
    }
    (self.forest, self.aggregate, self.base, self.features) = (forest, aggregate, base.map { T($0) }, features)
  }

  /// Totals of `count` rows, `stride` apart in `totals`.
  func run(
    _ rows: UnsafePointer<T>, _ count: Int, into totals: UnsafeMutablePointer<T>, _ scratch: UnsafeMutableRawPointer
  ) {
    for i in 0..<(count * targetCount) { totals[i] = 0 }
    switch aggregate {
    case .sum, .average:
      forest.forEachVote(rows, count, features) { row, target, weight in totals[row * targetCount + target] += weight }
    case .least: choose(rows, count, totals, scratch) { $0 < $1 }
    case .greatest: choose(rows, count, totals, scratch) { $0 > $1 }
    }
    if aggregate == .average && forest.treeCount > 0 {
      for i in 0..<(count * targetCount) { totals[i] /= T(forest.treeCount) }
    }
    if !base.isEmpty { for i in 0..<(count * targetCount) { totals[i] += base[i % targetCount] } }
  }

  @inline(__always)
  private func choose(
    _ rows: UnsafePointer<T>, _ count: Int, _ totals: UnsafeMutablePointer<T>, _ scratch: UnsafeMutableRawPointer,
    _ isBetter: (T, T) -> Bool
  ) {
    let hasVote = scratch.assumingMemoryBound(to: Bool.self)
    for i in 0..<(count * targetCount) { hasVote[i] = false }
    forest.forEachVote(rows, count, features) { row, target, weight in
      let i = row * targetCount + target
      if !hasVote[i] || isBetter(weight, totals[i]) { totals[i] = weight }
      hasVote[i] = true
    }
  }
}
