public import HoneIR

/// Runs a program. One session for one thread at a time; sessions share the program and its weights.
public final class Session {
  public let program: Program
  private let store: StateStore
  private var instances: [ObjectIdentifier: PlanInstance] = [:]
  private var current: (types: [ValueType], plan: Plan)?
  private var regions: [ObjectIdentifier: Session] = [:]
  /// Time of each step is kept during runs, for `profile`.
  public var isProfiling = false
  private var profiles: [Profile.Entry] = []

  public init(_ program: Program, state: StateStore = StateStore()) { (self.program, store) = (program, state) }
  public convenience init(_ graph: Graph, threads: Int = 1, state: StateStore = StateStore()) {
    self.init(Program(graph, threads: threads), state: state)
  }

  /// Runs on tensors and returns tensors.
  public func run(_ inputs: [Tensor]) throws(GraphError) -> [Tensor] {
    try run(inputs.map { .tensor($0) }).map { value throws(GraphError) in
      guard let tensor = value.tensor else { throw GraphError(.type, "an output is \(value.type), not a tensor") }
      return tensor
    }
  }

  /// Runs on values for all inputs, in the graph's order, and returns all outputs.
  public func run(_ inputs: [RuntimeValue?]) throws(GraphError) -> [RuntimeValue] {
    profiles.removeAll(keepingCapacity: true)
    let types = try inputTypes(inputs)
    if current?.types != types { current = (types, try program.plan(for: types)) }
    var plan = current!.plan
    var held: [Int: RuntimeValue] = [:]
    for (i, input) in inputs.enumerated() { if let input { held[program.inputSlots[i]] = input } }
    while true {
      try execute(plan, &held)
      guard var rest = plan.rest else { break }
      try evaluateReady(&rest, &held)
      if rest.remaining.isEmpty {
        try keepStates(rest, held)
        return try collect(rest.outputs, held)
      }
      plan = try continuation(of: plan, rest, held)
    }
    return try collect(plan.outputs, held)
  }

  /// Time of each node in the last run, when `isProfiling` was set.
  public var profile: Profile { Profile(entries: profiles) }

  private func inputTypes(_ inputs: [RuntimeValue?]) throws(GraphError) -> [ValueType] {
    guard inputs.count == program.graph.inputs.count else {
      throw GraphError(.input, "the model has \(program.graph.inputs.count) inputs, \(inputs.count) were given")
    }
    return inputs.enumerated().map { i, value in value?.type ?? program.graph.type(of: program.graph.inputs[i]) }
  }

  private func instance(_ plan: Plan) throws(GraphError) -> PlanInstance {
    if let known = instances[ObjectIdentifier(plan)] { return known }
    try store.check(plan.states)
    if instances.count > 32 { instances.removeAll() }
    let instance = PlanInstance(plan, store: store, threads: program.threads)
    instances[ObjectIdentifier(plan)] = instance
    return instance
  }

  private func execute(_ plan: Plan, _ held: inout [Int: RuntimeValue]) throws(GraphError) {
    let instance = try instance(plan)
    var kept: [Tensor] = []
    for (i, slot) in plan.given.enumerated() {
      guard let tensor = held[slot]?.tensor else { throw GraphError(.input, "an input of the model was not given") }
      let aligned = tensor.isAligned(to: 16) ? tensor : tensor.aligned()
      kept.append(aligned)
      aligned.withBytes { instance.give(i, $0.baseAddress) }
    }
    try withExtendedLifetime(kept) { () throws(GraphError) in
      if isProfiling {
        try instance.profile()
        profiles += Profile.entries(plan, instance.stepTimes)
      } else {
        try instance.run()
      }
      for export in plan.exports { held[export.slot] = .tensor(copy(export, from: instance)) }
    }
  }

  private func copy(_ export: Plan.Export, from instance: PlanInstance) -> Tensor {
    if case .constant(let i) = export.place { return instance.plan.constants[i].reshaped(export.type.sizes!) }
    return Tensor(uninitialized: export.type) { bytes in
      guard bytes.count > 0, let source = instance.address(of: export.place) else { return }
      bytes.baseAddress!.copyMemory(from: source, byteCount: bytes.count)
    }
  }

  private func collect(_ outputs: [Int], _ held: [Int: RuntimeValue]) throws(GraphError) -> [RuntimeValue] {
    try outputs.map { slot throws(GraphError) in
      guard let value = held[slot] else { throw GraphError(.invariant, "an output was not computed") }
      return value
    }
  }

  /// Sets the states whose next values no plan of the run has written.
  private func keepStates(_ rest: Planner, _ held: [Int: RuntimeValue]) throws(GraphError) {
    var next: [String: Tensor] = [:]
    for state in rest.states {
      guard let slot = state.next, slot != state.slot, !rest.slots[slot].isNextState else { continue }
      if case .state(let other)? = rest.slots[slot].place {
        next[state.name] = store[rest.states[other].name]?.reshaped(state.initial.sizes)
      } else {
        next[state.name] = held[slot]?.tensor ?? rest.slots[slot].known
      }
    }
    try store.restore(next)
  }

  /// Runs nodes that are evaluated, as long as one has all its operands.
  private func evaluateReady(_ rest: inout Planner, _ held: inout [Int: RuntimeValue]) throws(GraphError) {
    var progress = true
    while progress {
      progress = false
      var left: [Planner.Work] = []
      for work in rest.remaining {
        guard try evaluate(work, &rest, &held) else {
          left.append(work)
          continue
        }
        progress = true
      }
      rest.remaining = left
    }
  }

  private func evaluate(_ work: Planner.Work, _ rest: inout Planner, _ held: inout [Int: RuntimeValue])
    throws(GraphError) -> Bool
  {
    // What waits for values that decide is planned once they are there.
    guard let op = work.node.op as? any EvaluatedOp,
      work.evaluates || !(op is any ExecutableOp || op is any BranchingOp)
    else { return false }
    var operands: [RuntimeValue?] = []
    for operand in work.node.operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      let slot = rest.slot(of: operand, in: work.scope)
      if let value = held[slot] {
        operands.append(value)
      } else if let known = rest.slots[slot].known {
        operands.append(.tensor(known))
      } else {
        return false
      }
    }
    let results = try locating(work.node.place) { () throws(GraphError) in
      try op.evaluate(
        operands,
        in: EvaluationContext(resultCount: work.node.results.count) {
          (region: Region, values: [RuntimeValue?]) throws(GraphError) in try self.run(region, values)
        })
    }
    for (result, value) in zip(work.node.results, results) {
      let slot = rest.scopes[work.scope].slots[result]!
      held[slot] = value
      rest.slots[slot].type = value.type
      rest.slots[slot].isHeld = true
    }
    return true
  }

  private func run(_ region: Region, _ values: [RuntimeValue?]) throws(GraphError) -> [RuntimeValue] {
    if let known = regions[region.identity] { return try known.run(values) }
    let session = Session(
      Program(region.graph, threads: program.threads, races: program.races), state: store)
    regions[region.identity] = session
    return try session.run(values)
  }

  /// The plan that goes on from what is held now.
  private func continuation(of plan: Plan, _ rest: Planner, _ held: [Int: RuntimeValue]) throws(GraphError) -> Plan {
    var planner = rest
    var wanted = Set<Int>()
    for work in planner.remaining where planner.isReady(work) {
      for i in work.wanted {
        if let operand = work.node.operands[i] { wanted.insert(planner.slot(of: operand, in: work.scope)) }
      }
    }
    let slots = held.keys.sorted()
    var key = PlanCache.Key(types: [], contents: [])
    for slot in slots {
      key.types.append(held[slot]!.type)
      let content = wanted.contains(slot) ? held[slot]!.tensor : nil
      key.contents.append(content)
      planner.slots[slot].type = held[slot]!.type
      planner.slots[slot].isHeld = true
      if let content { planner.slots[slot].known = content }
    }
    key.contents.append(.scalar(Int64(planner.remaining.count)))
    let next = try plan.next.plan(for: key) { () throws(GraphError) in
      try program.planned("what depends on data") { () throws(GraphError) in try planner.plan() }
    }
    if next.steps.isEmpty, let after = next.rest, let first = after.remaining.first,
      !after.remaining.contains(where: after.isReady)
    {
      throw GraphError(.unsupported, first.reason?.message ?? "its operands are never computed").at(first.node.place)
    }
    return next
  }
}
