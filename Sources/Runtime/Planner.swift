import HoneIR

/// Turns a graph into plans. A value: what one round leaves over is the start of the next.
struct Planner: Sendable {
  /// What is known of a value while planning.
  struct Slot: Sendable {
    var type: ValueType?
    var known: Tensor?
    var symbolic: [Dimension]?
    /// Memory that holds the value in the round that made it.
    var buffer: Int?
    var place: Plan.Place?
    /// The value is kept from an earlier round, or evaluated.
    var isHeld = false
    /// Lies where a state lies and is its next value, not the one before.
    var isNextState = false
    var isReady: Bool { known != nil || buffer != nil || place != nil || isHeld }
  }
  struct Scope: Sendable {
    let graph: Graph
    var slots: [Value: Int]
  }
  struct Work: Sendable {
    let scope: Int
    let node: Node
    /// Operands whose values are needed.
    var wanted: Set<Int> = []
    /// Why it could not be planned.
    var reason: GraphError?
    /// The node was found to need evaluation.
    var evaluates = false
  }

  var slots: [Slot] = []
  var scopes: [Scope] = []
  var remaining: [Work] = []
  var outputs: [Int] = []
  /// State slots, and the slots of their next values.
  var states: [(name: String, initial: Tensor, slot: Int, next: Int?)] = []
  let weights: PackedWeights
  let threads: Int
  let race: RaceBudget?

  init(_ graph: Graph, weights: PackedWeights, threads: Int, race: RaceBudget? = nil) {
    (self.weights, self.threads, self.race) = (weights, threads, race)
    var scope = Scope(graph: graph, slots: [:])
    for input in graph.inputs { scope.slots[input] = addSlot(Slot(isHeld: true)) }
    scopes.append(scope)
    for state in graph.states {
      guard case .state(let initial, _) = graph.origin(of: state) else { continue }
      let slot = addSlot(Slot(type: .tensor(initial.type), place: .state(states.count)))
      scopes[0].slots[state] = slot
      states.append((graph.name(of: state), initial, slot, nil))
    }
    let nodes = ExecutionOrder(graph).nodes
    for node in nodes { declare(node, in: 0) }
    remaining = nodes.map { Work(scope: 0, node: $0) }
    outputs = graph.outputs.map { slot(of: $0, in: 0) }
    for (state, next) in graph.updates {
      let (target, source) = (slot(of: state, in: 0), slot(of: next, in: 0))
      if let i = states.firstIndex(where: { $0.slot == target }) { states[i].next = source }
    }
  }

  mutating func addSlot(_ slot: Slot) -> Int {
    slots.append(slot)
    return slots.count - 1
  }

  /// Gives the results of `node` slots.
  mutating func declare(_ node: Node, in scope: Int) {
    for result in node.results { scopes[scope].slots[result] = addSlot(Slot()) }
  }

  /// The slot of a value; constants get one when first met.
  mutating func slot(of value: Value, in scope: Int) -> Int {
    if let known = scopes[scope].slots[value] { return known }
    guard let tensor = scopes[scope].graph.constant(value) else { preconditionFailure("a value without a slot") }
    let slot = addSlot(Slot(type: .tensor(tensor.type), known: tensor))
    scopes[scope].slots[value] = slot
    return slot
  }

  mutating func call(for work: Work) -> Call {
    let operands = work.node.operands.map { $0.map { slot(of: $0, in: work.scope) } }
    var call = Call(
      operands.map { index in
        index.map { Operand(slots[$0].type!, known: slots[$0].known, symbolic: slots[$0].symbolic) }
      }, resultCount: work.node.results.count, weights: weights)
    let graph = scopes[work.scope].graph
    call.usedResults = work.node.results.map {
      graph.userCount(of: $0) > 0 || graph.isOutput($0) || !graph.updates.isEmpty
    }
    (call.threads, call.race) = (threads, race)
    call.wanted = WantedValues()
    return call
  }

  func isReady(_ work: Work) -> Bool {
    work.node.operands.allSatisfy { operand in
      guard let operand else { return true }
      guard let index = scopes[work.scope].slots[operand] else { return true }
      return slots[index].isReady && slots[index].type != nil
    }
  }

  /// How a node must run.
  enum Mode { case planned, evaluated }
  func mode(of work: Work, _ call: Call) -> Mode {
    guard work.node.op is any EvaluatedOp else { return .planned }
    guard work.node.op is any ExecutableOp else { return .evaluated }
    for case let operand? in call.operands {
      guard case .tensor(let type) = operand.type, type.element != .string else { return .evaluated }
    }
    return .planned
  }
}
