import HoneIR

/// The constants a plan's steps read, each once, aligned.
struct ConstantTable {
  private(set) var tensors: [Tensor] = []
  private var index: [ObjectIdentifier: Int] = [:]

  mutating func place(of tensor: Tensor) -> Plan.Place {
    let key = tensor.identity
    if let known = index[key], tensors[known].byteCount == tensor.byteCount { return .constant(known) }
    tensors.append(tensor)
    index[key] = tensors.count - 1
    return .constant(tensors.count - 1)
  }
  /// Kernels may rely on alignment; tensors in mapped files lie anywhere.
  mutating func align() {
    tensors = tensors.map { tensor in
      let aligned = tensor.aligned()
      if aligned.identity != tensor.identity { tensor.discardPages() }
      return aligned
    }
  }
}

extension Planner.Round {
  /// What results may take at once; more is a mistake, or an attack.
  private static let memoryLimit = 1 << 36

  /// Gives every value of the round its memory and makes the plan.
  mutating func finish() throws(GraphError) -> Plan {
    let exported = exportedSlots()
    let chains = formChains()
    let bands = chains.isEmpty ? formBands(exported: exported) : []
    let inBands = Set(bands.flatMap(\.members))
    /// Lie in windows of each thread.
    let windowed = Set(bands.flatMap { $0.members.dropLast() })
    let lastUse = lastUses(exported)
    var bufferOf: [Int: Int] = [:]
    var workspaces: [Int: Int] = [:]
    for (i, step) in steps.enumerated() {
      for (o, slot) in step.operands.enumerated() {
        guard let slot, !isAbsorbed(o, step) else { continue }
        try bring(slot)
      }
      if step.kernel.workspaceByteCount > 0 {
        workspaces[i] = memory.add(byteCount: step.kernel.workspaceByteCount, at: i, isWorkspace: true)
      }
      for (r, slot) in step.results.enumerated() {
        guard let slot, !windowed.contains(i) else { continue }
        let byteCount = step.types.results[r].byteCount!
        if !inBands.contains(i), let source = step.kernel.overwrites[r].flatMap({ step.operands[$0] }) {
          if step.kernel.isView {
            share(slot, with: source, &bufferOf, until: lastUse[slot] ?? i)
            continue
          }
          if let state = stateWritten(by: slot, over: source), isReadLast(state, at: i, lastUse, chains) {
            planner.slots[slot].place = .state(state)
            planner.slots[slot].isNextState = true
            continue
          }
          // What stands in another place, too, is read there while results are written.
          if let buffer = bufferOf[source], memory.buffers[buffer].last <= i, planner.slots[source].place == nil,
            memory.buffers[buffer].byteCount >= byteCount,
            step.operands.count(where: { $0.flatMap { bufferOf[$0] } == buffer }) == 1
          {
            bufferOf[slot] = buffer
            memory.extend(buffer, to: lastUse[slot] ?? i)
            continue
          }
        }
        let buffer = memory.add(byteCount: byteCount, at: i)
        memory.extend(buffer, to: lastUse[slot] ?? i)
        bufferOf[slot] = buffer
      }
    }
    for slot in exported where planner.slots[slot].buffer == nil && !planner.slots[slot].isHeld { try bring(slot) }
    let preserved = try bringNextStates(exported)
    widenLifetimes(chains.map(\.members) + bands.map(\.members))
    memory.assign()
    guard memory.byteCount <= Self.memoryLimit else {
      throw GraphError(.unsupported, "running it would take \(memory.byteCount >> 30) GiB beside its weights")
    }
    constants.align()
    func place(_ slot: Int?) -> Plan.Place? {
      guard let slot else { return nil }
      if let place = planner.slots[slot].place { return place }
      return bufferOf[slot].map { .arena(offset: memory.buffers[$0].offset) }
    }
    let bandsFrom = Dictionary(uniqueKeysWithValues: bands.map { ($0.members.lowerBound, $0.bands) })
    let finished = ordered(chains) { i in
      let step = steps[i]
      let operands = step.operands.indices.map { isAbsorbed($0, step) ? nil : place(step.operands[$0]) }
      let results = step.results.map(place)
      let workspace = workspaces[i].map { Plan.Place.arena(offset: memory.buffers[$0].offset) }
      return step.kernel.parts.map { part in
        Plan.Step(
          node: step.node, kernel: part, operands: operands, results: results, workspace: workspace, types: step.types,
          bands: bandsFrom[i])
      }
    }
    func placeAfterRun(_ slot: Int) -> Plan.Place? {
      preserved[slot].map { .arena(offset: memory.buffers[$0].offset) } ?? place(slot)
    }
    let isComplete = planner.remaining.isEmpty
    let outputs = Set(planner.outputs)
    let exports = exported.filter { !isComplete || outputs.contains($0) }.compactMap { slot in
      placeAfterRun(slot).map { Plan.Export(slot: slot, place: $0, type: planner.slots[slot].type!.tensor!) }
    }
    var copies: [Plan.Copy] = preserved.sorted { $0.key < $1.key }.map { slot, _ in
      Plan.Copy(from: place(slot)!, to: placeAfterRun(slot)!, byteCount: planner.slots[slot].type!.tensor!.byteCount!)
    }
    if isComplete {
      for (i, state) in planner.states.enumerated() {
        guard let next = state.next, next != state.slot, let from = placeAfterRun(next),
          from != .state(i) || !planner.slots[next].isNextState
        else { continue }
        copies.append(Plan.Copy(from: from, to: .state(i), byteCount: state.initial.byteCount))
      }
    }
    var rest: Planner?
    if !planner.remaining.isEmpty {
      var copy = planner
      for export in exports { copy.slots[export.slot].isHeld = true }
      rest = copy
    }
    return Plan(
      steps: finished, constants: constants.tensors, states: planner.states.map { ($0.name, $0.initial) },
      copies: copies, given: given, exports: exports,
      memory: PlanMemory(
        arenaByteCount: memory.byteCount, valueByteCount: memory.peak { !$0.isWorkspace },
        workspaceByteCount: memory.peak { $0.isWorkspace },
        scratchByteCount: finished.reduce(0) { max($0, $1.kernel.scratchByteCount) },
        windowByteCount: finished.reduce(0) { max($0, $1.bands?.windowByteCount ?? 0) },
        stateByteCount: planner.states.reduce(0) { $0 + $1.initial.byteCount }), rest: rest, outputs: planner.outputs
    )
  }

  /// The state whose next value `next` is, if that may be written where the state lies.
  private func stateWritten(by next: Int, over source: Int) -> Int? {
    guard case .state(let state)? = planner.slots[source].place, planner.states[state].next == next else { return nil }
    return state
  }

  /// Nobody reads what a state was before the run, by itself or through views, after step `i` or slice by slice beside it.
  private func isReadLast(_ state: Int, at i: Int, _ lastUse: [Int: Int], _ chains: [Chain]) -> Bool {
    let slots = [planner.states[state].slot] + stateViews[state, default: []]
    guard slots.allSatisfy({ lastUse[$0] ?? i <= i }) else { return false }
    guard let chain = chains.first(where: { $0.members.contains(i) }) else { return true }
    return !chain.members.contains { j in
      j != i && steps[j].operands.contains { $0.map(slots.contains) ?? false }
    }
  }

  /// Next states that come from outside the round get their place. Where values that states had before the run are needed
  /// after it, as outputs or as next values of other states, they get memory of their own: those of the slots in the result.
  private mutating func bringNextStates(_ exported: [Int]) throws(GraphError) -> [Int: Int] {
    guard planner.remaining.isEmpty else { return [:] }
    var preserved: [Int: Int] = [:]
    var nexts: [Int] = []
    for state in planner.states {
      guard let next = state.next, next != state.slot else { continue }
      if let type = planner.slots[next].type, type != .tensor(state.initial.type) {
        throw GraphError(.type, "state ‘\(state.name)’ is \(state.initial.type), its next value would be \(type)")
      }
      nexts.append(next)
      try bring(next)
    }
    for slot in Set(exported + nexts) {
      guard case .state(let state)? = planner.slots[slot].place, !planner.slots[slot].isNextState,
        let next = planner.states[state].next, next != planner.states[state].slot
      else { continue }
      let byteCount = planner.slots[slot].type!.tensor!.byteCount!
      preserved[slot] = memory.add(byteCount: byteCount, at: steps.count)
    }
    return preserved
  }

  /// The step does not read its operand from memory.
  private func isAbsorbed(_ operand: Int, _ step: DraftStep) -> Bool {
    guard step.kernel.absorbed.contains(operand), let slot = step.operands[operand] else { return false }
    return planner.slots[slot].known != nil
  }

  /// Values made in this round that outputs, or nodes left for later, read.
  private mutating func exportedSlots() -> [Int] {
    var wanted = Set(planner.outputs)
    for work in planner.remaining {
      for case let operand? in work.node.operands { wanted.insert(planner.slot(of: operand, in: work.scope)) }
    }
    for state in planner.states { if let next = state.next { wanted.insert(next) } }
    return wanted.filter { planner.slots[$0].isReady && planner.slots[$0].type != nil && !planner.slots[$0].isHeld }
      .sorted()
  }

  private func lastUses(_ exported: [Int]) -> [Int: Int] {
    var last: [Int: Int] = [:]
    for (i, step) in steps.enumerated() { for case let slot? in step.operands { last[slot] = i } }
    for slot in exported { last[slot] = steps.count }
    return last
  }

  /// Makes the address of a value from outside the round known: a constant, a state or a given value.
  private mutating func bring(_ slot: Int) throws(GraphError) {
    guard planner.slots[slot].buffer == nil, planner.slots[slot].place == nil else { return }
    if let known = planner.slots[slot].known, !planner.slots[slot].isHeld {
      planner.slots[slot].place = constants.place(of: known)
      return
    }
    if givenIndex[slot] == nil {
      givenIndex[slot] = given.count
      given.append(slot)
    }
    planner.slots[slot].place = .given(givenIndex[slot]!)
  }

  /// A view lives where its operand lives.
  private mutating func share(_ slot: Int, with source: Int, _ bufferOf: inout [Int: Int], until last: Int) {
    if let buffer = bufferOf[source] {
      bufferOf[slot] = buffer
      memory.extend(buffer, to: last)
    } else {
      planner.slots[slot].place = planner.slots[source].place
      planner.slots[slot].isNextState = planner.slots[source].isNextState
      if case .state(let state)? = planner.slots[source].place, !planner.slots[source].isNextState {
        stateViews[state, default: []].append(slot)
      }
    }
  }
}
