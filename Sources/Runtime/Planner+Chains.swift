import HoneIR

/// Steps that are run together, slice by slice.
struct Chain {
  /// The first step, whose own tasks begin the chain, and those behind it that follow it.
  var members: Range<Int>
  var slices: Int
  /// Members that take part with their first stage alone.
  var stages: Set<Int> = []
  /// Slots that are written slice by slice.
  var sliced: Set<Int> = []
  /// Slots that are there only when the chain is done.
  var later: Set<Int> = []
}

extension Planner.Round {
  /// Brings readers next to what they read where both work slice by slice, and says which do: what a slice leaves in the
  /// cache is then read by the next step before the next slice drives it out.
  mutating func formChains() -> [Chain] {
    let drafts = steps
    guard drafts.contains(where: { $0.kernel.slices.count > 0 }) else { return [] }
    var placement = StepPlacement(drafts), chains: [Chain] = []
    for start in drafts.indices where !placement.isPlaced[start] {
      placement.place(start)
      var current = start
      var chain = Chain(
        members: placement.order.count - 1..<placement.order.count, slices: drafts[start].kernel.slices.count)
      chain.sliced.formUnion(drafts[start].results.compactMap(\.self))
      while chain.slices > 0, let slot = drafts[current].results.first ?? nil {
        let ready = placement.readers[slot, default: []].filter { placement.isReady($0) }
        let entries = Dictionary(
          ready.compactMap { i in drafts[i].entry(from: slot, into: chain).map { (i, $0) } },
          uniquingKeysWith: { first, _ in first })
        // What reads the slice beside the way goes first; the last of those, where the way ends, begins a new chain.
        for i in ready.sorted(by: { (drafts[$0].kernel.slices.count, $0) < (drafts[$1].kernel.slices.count, $1) })
        where entries[i] == .stage {
          chain.stages.insert(placement.order.count)
          chain.later.formUnion(drafts[i].results.compactMap(\.self))
          placement.place(i)
          chain.members = chain.members.lowerBound..<placement.order.count
        }
        if let next = ready.first(where: { entries[$0] == .tasks }) {
          placement.place(next)
          current = next
          chain.sliced.formUnion(drafts[next].results.compactMap(\.self))
          chain.members = chain.members.lowerBound..<placement.order.count
          continue
        }
        guard let last = placement.order.last, entries[last] == .stage else { break }
        chains.append(chain)
        current = last
        chain = Chain(
          members: placement.order.count - 1..<placement.order.count, slices: drafts[last].kernel.slices.count)
        chain.sliced.formUnion(drafts[last].results.compactMap(\.self))
      }
      if chain.members.count > 1 { chains.append(chain) }
    }
    steps = placement.order.map { drafts[$0] }
    return chains
  }

  /// The parts of all steps in the order in which they run: what prepares members of a chain comes before it.
  func ordered(_ chains: [Chain], _ parts: (Int) -> [Plan.Step]) -> [Plan.Step] {
    var result: [Plan.Step] = []
    let starts = Dictionary(uniqueKeysWithValues: chains.map { ($0.members.lowerBound, $0) })
    var isDone = Set<Int>(), hasRunFirst = Set<Int>()
    for i in steps.indices where !steps[i].kernel.isView && !isDone.contains(i) {
      let own = parts(i).dropFirst(hasRunFirst.contains(i) ? 1 : 0)
      guard let chain = starts[i] else {
        result += own
        continue
      }
      result += own.dropLast()
      var members = [own.last!]
      for j in chain.members.dropFirst() {
        let others = parts(j)
        if chain.stages.contains(j) {
          members.append(others[0])
          hasRunFirst.insert(j)
        } else {
          result += others.dropLast()
          members.append(others.last!)
          isDone.insert(j)
        }
      }
      members[0].chain = Plan.Step.Chain(length: members.count, slices: chain.slices)
      result += members
    }
    return result
  }

  /// What members of a chain touch is alive from its beginning to its end, for its steps are not done one after the other.
  mutating func widenLifetimes(_ chains: [Range<Int>]) {
    var first = Array(steps.indices), last = Array(steps.indices)
    for chain in chains {
      for i in chain.dropFirst() { first[i] = chain.lowerBound }
      for i in chain.dropLast() { last[i] = chain.upperBound - 1 }
    }
    memory.widen { range in
      let end = range.upperBound < steps.count ? last[range.upperBound] : range.upperBound
      let start = range.lowerBound < steps.count ? first[range.lowerBound] : range.lowerBound
      return start...max(end, range.lowerBound)
    }
  }
}

extension Planner.Round.DraftStep {
  enum Entry { case stage, tasks }

  /// How this step, which reads `slot`, can follow in `chain`: with its first stage, or with its own tasks where the stages
  /// before them read nothing that the chain makes. Whatever it reads of that must be read by slices, and be made in time.
  func entry(from slot: Int, into chain: Chain) -> Entry? {
    let made = operands.indices.filter { operands[$0].map(chain.sliced.contains) ?? false }
    guard operands.contains(slot), !kernel.isView,
      !operands.contains(where: { $0.map(chain.later.contains) ?? false })
    else { return nil }
    func reads(_ own: Kernel.Slices) -> Bool { own.count == chain.slices && made.allSatisfy(own.operands.contains) }
    if let stage = kernel.stages.first, reads(stage.slices) { return .stage }
    guard reads(kernel.slices),
      kernel.stages.allSatisfy({ stage in made.allSatisfy { stage.isPreparation(without: $0) } })
    else { return nil }
    return .tasks
  }
}
