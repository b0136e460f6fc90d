extension Graph {
  /// Every use of `old` becomes a use of `new`. An output keeps its name.
  public mutating func replace(_ old: Value, with new: Value) {
    guard old != new else { return }
    revision += 1
    for id in slots[old.index].users {
      table[id.index]!.operands = table[id.index]!.operands.map { $0 == old ? new : $0 }
      slots[new.index].users.insert(id)
    }
    slots[old.index].users = []
    if outputs.contains(old) {
      if slots[new.index].name.isEmpty || !(outputs.contains(new) || inputs.contains(new)) {
        let name = slots[old.index].name
        slots[old.index].name = slots[new.index].name
        slots[new.index].name = name
      }
      outputs = outputs.map { $0 == old ? new : $0 }
    }
    updates = updates.mapValues { $0 == old ? new : $0 }
  }

  /// Node `id` reads `operands` instead of what it read before.
  public mutating func setOperands(of id: Node.ID, to operands: [Value?]) {
    guard let node = table[id.index], node.operands != operands else { return }
    revision += 1
    for operand in node.operands { if let operand { slots[operand.index].users.remove(id) } }
    table[id.index]!.operands = operands
    for operand in operands { if let operand { slots[operand.index].users.insert(id) } }
  }

  /// Node `id` applies `op` instead, which must give results of the same types.
  public mutating func setOp(of id: Node.ID, to op: any Op) {
    revision += 1
    table[id.index]!.op = op
  }

  /// The constant `value` holds `tensor` instead.
  public mutating func setConstant(_ value: Value, to tensor: Tensor) {
    revision += 1
    slots[value.index].origin = .constant(tensor)
    slots[value.index].type = .tensor(tensor.type)
  }

  /// Turns an input into a constant.
  public mutating func bind(_ input: Value, to tensor: Tensor) {
    revision += 1
    inputs.removeAll { $0 == input }
    slots[input.index].origin = .constant(tensor)
    slots[input.index].type = .tensor(tensor.type)
  }

  /// Turns an input into a state that begins as `initial`; `update(_:to:)` says what it becomes.
  public mutating func keep(_ input: Value, initial: Tensor) {
    bind(input, to: initial)
    slots[input.index].origin = .state(initial: initial, trainable: false)
  }

  /// Replaces names of sizes by numbers in all types.
  public mutating func bindSizes(_ binding: [String: Int]) throws(GraphError) {
    guard !binding.isEmpty else { return }
    for i in slots.indices {
      if case .tensor(let type) = slots[i].type, let shape = type.shape {
        setType(.tensor(type.with(shape: shape.map { $0.bound(binding) })), of: Value(index: i))
      }
      slots[i].symbolic = slots[i].symbolic?.map { $0.bound(binding) }
    }
    try inferTypes()
  }

  /// Drops an input that nobody reads.
  public mutating func removeInput(_ input: Value) {
    guard slots[input.index].users.isEmpty, !outputs.contains(input) else { return }
    revision += 1
    inputs.removeAll { $0 == input }
  }

  /// Drops nodes that reach no root.
  public mutating func removeDeadNodes() {
    var live = [Bool](repeating: false, count: table.count)
    for node in sorted() { live[node.id.index] = true }
    for case let node? in table where !live[node.id.index] {
      for operand in node.operands { if let operand { slots[operand.index].users.remove(node.id) } }
      table[node.id.index] = nil
    }
  }

  /// Inserts a copy of `other`, its inputs bound to `arguments`; states keep their names and are shared by name.
  public mutating func embed(_ other: Graph, _ arguments: [Value?]) throws(GraphError) -> [Value] {
    var map = Dictionary(zip(other.inputs, arguments), uniquingKeysWith: { a, _ in a })
    func bring(_ value: Value?, _ graph: inout Graph) -> Value? {
      guard let value else { return nil }
      if let known = map[value] { return known }
      let copy: Value
      switch other.origin(of: value) {
      case .constant(let tensor): copy = graph.constant(tensor, other.name(of: value))
      case .state(let initial, let trainable):
        copy = graph.state(other.name(of: value), initial: initial, trainable: trainable)
      case .input, .result: preconditionFailure("inputs are bound and results are visited in order")
      }
      map[value] = copy
      return copy
    }
    for node in other.sorted() {
      let operands = node.operands.map { bring($0, &self) }
      let results = try apply(
        node.op, operands, resultCount: node.results.count, named: node.name,
        resultNames: node.results.map { other.name(of: $0) })
      for (old, new) in zip(node.results, results) { map[old] = new }
    }
    return other.outputs.map { bring($0, &self)! }
  }

  /// A copy without dead values, its types inferred anew; inputs take `types` where given.
  public func rebuilt(inputTypes types: [Value: ValueType] = [:]) throws(GraphError) -> Graph {
    var copy = Graph()
    copy.name = name
    copy.metadata = metadata
    let arguments = inputs.map { copy.input(name(of: $0), types[$0] ?? type(of: $0)) }
    let names = outputs.map { name(of: $0) }
    copy.outputs = try copy.embed(self, arguments)
    for (output, name) in zip(copy.outputs, names) where !copy.inputs.contains(output) { copy.rename(output, to: name) }
    guard updates.isEmpty else { throw GraphError(.unsupported, "graphs with state updates are not rebuilt") }
    return copy
  }
}

extension Graph {
  /// A state that takes the place of `state` under its name, its elements in another order; `state` must not be updated,
  /// and what reads it is left to the caller.
  public mutating func replaceState(_ state: Value, initial: Tensor) -> Value {
    guard case .state(_, let trainable) = origin(of: state), updates[state] == nil else {
      preconditionFailure("a state that no update names yet")
    }
    let other = self.state(name(of: state), initial: initial, trainable: trainable)
    slots[state.index].origin = .constant(initial)
    slots[state.index].name = ""
    return other
  }
}
