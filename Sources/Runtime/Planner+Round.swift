import HoneIR

extension Planner {
  /// The largest tensor that is computed while planning.
  private static let foldingLimit = 1024

  /// Plans everything that can be planned from the values held now.
  func plan() throws(GraphError) -> Plan {
    var round = Round(planner: self)
    try round.schedule()
    return try round.finish()
  }

  /// One round of planning: the growing list of steps and their buffers.
  struct Round {
    var planner: Planner
    var steps: [DraftStep] = []
    var memory = MemoryPlanner()
    var constants = ConstantTable()
    var given: [Int] = []
    var givenIndex: [Int: Int] = [:]
    /// Slots that lie where a state lies and are what it was before the run under other shapes.
    var stateViews: [Int: [Int]] = [:]

    struct DraftStep {
      let node: Node
      let kernel: Kernel
      let operands: [Int?]
      let results: [Int?]
      let types: (operands: [TensorType?], results: [TensorType])
    }

    init(planner: Planner) {
      self.planner = planner
      for i in self.planner.slots.indices {
        self.planner.slots[i].buffer = nil
        if case .state? = self.planner.slots[i].place { continue }
        self.planner.slots[i].place = nil
      }
    }

    mutating func schedule() throws(GraphError) {
      var left: [Work] = []
      var queue = Array(planner.remaining.reversed())
      while let work = queue.popLast() {
        guard planner.isReady(work) else {
          left.append(work)
          continue
        }
        try locating(work.node.place) { () throws(GraphError) in
          switch try place(work) {
          case .done: break
          case .waits(let wanted, let reason):
            left.append(Work(scope: work.scope, node: work.node, wanted: wanted, reason: reason))
          case .evaluates: left.append(Work(scope: work.scope, node: work.node, evaluates: true))
          case .expanded(let items): queue.append(contentsOf: items.reversed())
          }
        }
      }
      planner.remaining = left
    }

    enum Outcome {
      case done
      /// Needs the values of these operands.
      case waits(Set<Int>, because: GraphError)
      case evaluates
      case expanded([Work])
    }

    mutating func place(_ work: Work) throws(GraphError) -> Outcome {
      var call = planner.call(for: work)
      if let op = work.node.op as? any BranchingOp { return try branch(op, work, call) }
      if planner.mode(of: work, call) == .evaluated { return .evaluates }
      guard let op = work.node.op as? any ExecutableOp else { return try expand(work, call) }
      do {
        call.results = try op.infer(call)
        if let done = foldSymbolic(work, call) { return done }
        guard call.results.allSatisfy({ $0.tensor?.isConcrete ?? false }) else { return try wait(work, call) }
        try checkSizes(call.results)
        let kernel = try op.kernel(call)
        if try fold(work, call, kernel) { return .done }
        append(work, call, kernel)
        return .done
      } catch {
        if error.kind == .dataDependent { return try wait(work, call, error) }
        if error.kind == .unsupported, work.node.op is any CompositeOp { return try expand(work, call) }
        throw error
      }
    }

    /// Results must have sizes that memory can hold.
    private func checkSizes(_ results: [ValueType]) throws(GraphError) {
      for case .tensor(let type) in results {
        guard let count = type.elementCount, count < 1 << 36 else {
          throw GraphError(.type, "its result would be \(type)")
        }
      }
    }

    private func wait(_ work: Work, _ call: Call, _ error: GraphError? = nil) throws(GraphError) -> Outcome {
      if work.node.op is any EvaluatedOp { return .evaluates }
      let wanted = call.wanted!.all.filter { call.operands[$0]?.known == nil }
      let types = call.results.map(\.description).joined(separator: ", ")
      let reason = error ?? GraphError(.unsupported, "the sizes of its results cannot be told: \(types)")
      guard !wanted.isEmpty else { throw GraphError(.unsupported, reason.message) }
      return .waits(wanted, because: reason)
    }

    private mutating func expand(_ work: Work, _ call: Call) throws(GraphError) -> Outcome {
      guard let op = work.node.op as? any CompositeOp else {
        throw GraphError(.unsupported, "\(work.node.op.qualifiedName) cannot run")
      }
      var graph = Graph()
      let inputs = graph.inputs(like: call)
      do { graph.outputs = try op.expand(inputs, call, in: &graph) } catch {
        if error.kind == .dataDependent { return try wait(work, call, error) }
        throw error
      }
      return inline(graph, inputs, work.node.operands, work)
    }

    /// An operator that stands for one of its regions runs as that region's nodes.
    private mutating func branch(_ op: any BranchingOp, _ work: Work, _ call: Call) throws(GraphError) -> Outcome {
      let unknown = op.decidingOperands.filter { call.operands[$0]?.known == nil }
      guard unknown.isEmpty else {
        return .waits(unknown, because: GraphError(.unsupported, "it cannot be told which branch runs"))
      }
      let region = try op.branch(call)
      return inline(region.graph, region.graph.inputs, work.node.operands.suffix(region.captureCount), work)
    }

    /// Puts the nodes of `graph`, called with `operands`, in the place of a node.
    private mutating func inline(
      _ graph: Graph, _ inputs: [Value?], _ operands: some Sequence<Value?>, _ work: Work
    ) -> Outcome {
      var scope = Scope(graph: graph, slots: [:])
      for (input, operand) in zip(inputs, operands) {
        if let input, let operand { scope.slots[input] = planner.slot(of: operand, in: work.scope) }
      }
      let index = planner.scopes.count
      planner.scopes.append(scope)
      let nodes = graph.sorted()
      var made: [Value: Int] = [:]
      for (result, output) in zip(work.node.results, graph.outputs)
      where graph.producer(of: output) != nil && made[output] == nil {
        made[output] = planner.scopes[work.scope].slots[result]!
      }
      for node in nodes {
        for result in node.results { planner.scopes[index].slots[result] = made[result] ?? planner.addSlot(Slot()) }
      }
      for (result, output) in zip(work.node.results, graph.outputs) {
        let target = planner.scopes[work.scope].slots[result]!
        let source = planner.slot(of: output, in: index)
        if target != source { redirect(target, to: source) }
      }
      return .expanded(nodes.map { Work(scope: index, node: $0) })
    }

    /// A result that is the same value as another slot: every later reader reads that one.
    private mutating func redirect(_ target: Int, to source: Int) {
      for i in planner.scopes.indices {
        for (value, slot) in planner.scopes[i].slots where slot == target { planner.scopes[i].slots[value] = source }
      }
      planner.outputs = planner.outputs.map { $0 == target ? source : $0 }
      for i in planner.states.indices where planner.states[i].next == target { planner.states[i].next = source }
    }

    private mutating func foldSymbolic(_ work: Work, _ call: Call) -> Outcome? {
      guard let symbolic = (work.node.op as? any SymbolicOp)?.symbolicResult(call), work.node.results.count == 1,
        let type = call.results[0].tensor, type.element == .int64 || type.element == .int32, let sizes = type.sizes,
        sizes.reduce(1, *) == symbolic.count
      else { return nil }
      let values = symbolic.compactMap(\.size)
      guard values.count == symbolic.count else { return nil }
      let tensor =
        type.element == .int64
        ? Tensor(values.map(Int64.init), shape: sizes) : Tensor(values.map { Int32(clamping: $0) }, shape: sizes)
      let slot = planner.scopes[work.scope].slots[work.node.result]!
      planner.slots[slot].type = call.results[0]
      planner.slots[slot].known = tensor
      return .done
    }

    /// Computes small results of known operands now.
    private mutating func fold(_ work: Work, _ call: Call, _ kernel: Kernel) throws(GraphError) -> Bool {
      guard !(work.node.op is any RandomOp), call.operands.allSatisfy({ $0 == nil || $0!.known != nil }) else {
        return false
      }
      let types = call.results.map { $0.tensor! }
      let operandCount = call.operands.reduce(0) { $0 + ($1?.known?.elementCount ?? 0) }
      guard operandCount <= Planner.foldingLimit, types.allSatisfy({ $0.elementCount! <= Planner.foldingLimit }) else {
        return false
      }
      let results = try Interpreter.run(kernel, call.operands.map { $0?.known }, types)
      for (result, tensor) in zip(work.node.results, results) {
        let slot = planner.scopes[work.scope].slots[result]!
        planner.slots[slot].type = .tensor(tensor.type)
        planner.slots[slot].known = tensor
      }
      return true
    }

    private mutating func append(_ work: Work, _ call: Call, _ kernel: Kernel) {
      let operands = work.node.operands.map { $0.map { planner.slot(of: $0, in: work.scope) } }
      let results = work.node.results.map { planner.scopes[work.scope].slots[$0]! }
      let symbolic = (work.node.op as? any SymbolicOp)?.symbolicResult(call)
      for (i, slot) in results.enumerated() {
        planner.slots[slot].type = call.results[i]
        planner.slots[slot].buffer = steps.count
        if i == 0 { planner.slots[slot].symbolic = symbolic }
      }
      let types = (call.operands.map { $0?.type.tensor }, call.results.map { $0.tensor! })
      steps.append(
        DraftStep(
          node: work.node, kernel: kernel, operands: operands,
          results: results.enumerated().map { call.isUsed($0) || kernel.overwrites[$0] != nil || $0 == 0 ? $1 : nil },
          types: types))
    }
  }
}
