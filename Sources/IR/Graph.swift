/// Names one value of one graph.
public struct Value: Hashable, Sendable, Comparable {
  let index: Int
  public static func < (a: Value, b: Value) -> Bool { a.index < b.index }
}

/// One operator applied to values.
public struct Node: Sendable {
  public struct ID: Hashable, Sendable, Comparable {
    let index: Int
    public static func < (a: ID, b: ID) -> Bool { a.index < b.index }
  }
  public let id: ID
  public internal(set) var op: any Op
  /// Absent optional operands are nil.
  public internal(set) var operands: [Value?]
  public let results: [Value]
  public var name: String
  public var result: Value { results[0] }
  /// Operator and name, as error messages show them.
  public var place: String { name.isEmpty ? op.qualifiedName : "\(op.qualifiedName) ‘\(name)’" }
}

/// A pure function from inputs and state to outputs and next state, in SSA form.
///
/// Graphs are values: a copy is independent and cheap, because tensors share storage.
public struct Graph: Sendable {
  /// Where a value comes from.
  public enum Origin: Sendable {
    case input
    case constant(Tensor)
    /// Kept between runs; `trainable` ones receive gradients.
    case state(initial: Tensor, trainable: Bool)
    case result(of: Node.ID)
  }
  struct Slot: Sendable {
    var name: String
    var type: ValueType
    var origin: Origin
    var symbolic: [Dimension]?
    var users: Set<Node.ID> = []
  }

  var slots: [Slot] = []
  var table: [Node?] = []
  public internal(set) var inputs: [Value] = []
  public var outputs: [Value] = []
  /// What each state value becomes after a run.
  public internal(set) var updates: [Value: Value] = [:]
  /// Grows with every change; a pass changed nothing if it is the same after.
  public internal(set) var revision = 0
  public var name = ""
  /// Notes that travel with the model, such as its preprocessing.
  public var metadata: [String: String] = [:]

  public init() {}
}

// MARK: Reading
extension Graph {
  public func type(of value: Value) -> ValueType { slots[value.index].type }
  /// The type of a value that is a tensor; of another one, a tensor of unknown shape.
  public func tensorType(of value: Value) -> TensorType {
    slots[value.index].type.tensor ?? TensorType(.float32, nil as [Dimension]?)
  }
  public func name(of value: Value) -> String { slots[value.index].name }
  public func origin(of value: Value) -> Origin { slots[value.index].origin }
  /// The elements of an integer vector as sizes, where they are known at least as symbols.
  public func symbolic(_ value: Value) -> [Dimension]? { slots[value.index].symbolic }
  /// Nodes that read `value`, in the order they were made.
  public func users(of value: Value) -> [Node] { slots[value.index].users.sorted().compactMap { table[$0.index] } }
  public func userCount(of value: Value) -> Int { slots[value.index].users.count }
  public subscript(id: Node.ID) -> Node? { id.index < table.count ? table[id.index] : nil }
  public func producer(of value: Value) -> Node? {
    if case .result(let id) = slots[value.index].origin { table[id.index] } else { nil }
  }
  /// The node that makes `value`, if it is an `Op` and nobody else reads the value.
  public func soleProducer<O: Op>(of value: Value?, as _: O.Type) -> (op: O, node: Node)? {
    guard let value, slots[value.index].users.count == 1, !roots.contains(value), let node = producer(of: value),
      let op = node.op as? O
    else { return nil }
    return (op, node)
  }
  /// The node that makes `value`, if it is an `Op`.
  public func producer<O: Op>(of value: Value?, as _: O.Type) -> (op: O, node: Node)? {
    guard let value, let node = producer(of: value), let op = node.op as? O else { return nil }
    return (op, node)
  }
  public func constant(_ value: Value?) -> Tensor? {
    if let value, case .constant(let tensor) = slots[value.index].origin { tensor } else { nil }
  }
  public func isOutput(_ value: Value) -> Bool { outputs.contains(value) }
  public var states: [Value] {
    slots.indices.lazy.map(Value.init).filter { if case .state = slots[$0.index].origin { true } else { false } }
  }
  public var trainable: [Value] {
    states.filter { if case .state(_, true) = slots[$0.index].origin { true } else { false } }
  }
  /// What must be kept: outputs and next states.
  public var roots: [Value] { outputs + updates.sorted { $0.key < $1.key }.map(\.value) }
  public var nodeCount: Int { table.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

  /// Nodes that reach a root, operands before users.
  public func sorted() -> [Node] {
    var order: [Node] = []
    var state = [UInt8](repeating: 0, count: table.count)
    var stack: [(node: Int, next: Int)] = []
    func push(_ value: Value) {
      guard case .result(let id) = slots[value.index].origin, state[id.index] == 0 else { return }
      state[id.index] = 1
      stack.append((id.index, 0))
    }
    for root in roots {
      push(root)
      while let (index, next) = stack.last {
        let node = table[index]!
        if next < node.operands.count {
          stack[stack.count - 1].next += 1
          if let operand = node.operands[next] { push(operand) }
        } else {
          stack.removeLast()
          order.append(node)
        }
      }
    }
    return order
  }

  /// What is known of the operands of `node`.
  public func call(for node: Node) -> Call { call(node.operands, resultCount: node.results.count) }

  func call(_ operands: [Value?], resultCount: Int) -> Call {
    Call(
      operands.map { value in
        value.map { Operand(slots[$0.index].type, known: constant($0), symbolic: slots[$0.index].symbolic) }
      }, resultCount: resultCount)
  }
}
