extension Graph {
  mutating func value(_ name: String, _ type: ValueType, _ origin: Origin, symbolic: [Dimension]? = nil) -> Value {
    revision += 1
    slots.append(Slot(name: name, type: type, origin: origin, symbolic: symbolic))
    return Value(index: slots.count - 1)
  }

  public mutating func input(_ name: String, _ type: ValueType) -> Value {
    let value = value(name, type, .input)
    inputs.append(value)
    return value
  }
  public mutating func input(_ name: String, _ type: TensorType) -> Value { input(name, .tensor(type)) }
  public mutating func constant(_ tensor: Tensor, _ name: String = "") -> Value {
    value(name, .tensor(tensor.type), .constant(tensor))
  }
  public mutating func state(_ name: String, initial: Tensor, trainable: Bool = false) -> Value {
    value(name, .tensor(initial.type), .state(initial: initial, trainable: trainable))
  }
  public mutating func update(_ state: Value, to next: Value) {
    revision += 1
    updates[state] = next
  }
  /// Inputs with the types of a call's operands; known operands become constants, absent ones stay absent.
  public mutating func inputs(like call: Call) -> [Value?] {
    call.operands.enumerated().map { i, operand in
      operand.map { $0.known.map { constant($0) } ?? input("operand \(i)", $0.type) }
    }
  }

  /// Applies `op`, inferring the result types; returns its first result.
  @discardableResult
  public mutating func apply(_ op: any Op, _ operands: Value?..., named name: String? = nil) throws(GraphError) -> Value
  {
    try apply(op, operands, resultCount: 1, named: name)[0]
  }

  /// Applies `op`, inferring the result types.
  @discardableResult
  public mutating func apply(
    _ op: any Op, _ operands: [Value?], resultCount: Int, named name: String? = nil, resultNames: [String] = []
  ) throws(GraphError) -> [Value] {
    let id = Node.ID(index: table.count)
    var node = Node(id: id, op: op, operands: operands, results: [], name: name ?? "")
    let call = call(operands, resultCount: resultCount)
    let types = try locating(node.place) { () throws(GraphError) in try op.infer(call) }
    let symbolic = (op as? any SymbolicOp)?.symbolicResult(call)
    let results = types.enumerated().map { i, type in
      value(i < resultNames.count ? resultNames[i] : "", type, .result(of: id), symbolic: i == 0 ? symbolic : nil)
    }
    node = Node(id: id, op: op, operands: operands, results: results, name: node.name)
    table.append(node)
    for operand in operands { if let operand { slots[operand.index].users.insert(id) } }
    return results
  }

  public mutating func rename(_ value: Value, to name: String) { slots[value.index].name = name }

  /// Narrows what is known of a value's type, such as sizes that the caller binds.
  public mutating func setType(_ type: ValueType, of value: Value) {
    guard slots[value.index].type != type else { return }
    revision += 1
    slots[value.index].type = type
  }
}
