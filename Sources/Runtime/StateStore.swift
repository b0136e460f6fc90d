public import HoneIR

/// State shared by the plans of one model: training and evaluation read the same weights. For one thread at a time.
///
/// A state is there from the moment it is set, or a session is made whose graph has it.
public final class StateStore {
  private var buffers: [String: UnsafeMutableRawBufferPointer] = [:]
  private var types: [String: TensorType] = [:]

  public init() {}
  deinit { buffers.values.forEach { $0.deallocate() } }

  /// The names of all states, sorted.
  public var names: [String] { types.keys.sorted() }
  /// The type of the state `name`, if it exists.
  public func type(of name: String) -> TensorType? { types[name] }

  /// A copy of the state `name`, if it exists.
  public subscript(name: String) -> Tensor? {
    guard let bytes = buffers[name], let type = types[name] else { return nil }
    return Tensor(uninitialized: type) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<$0.count])) }
  }

  /// Sets the state `name`, which must have the type of `tensor` if it exists; sessions see it in their next run.
  public func set(_ name: String, to tensor: Tensor) {
    precondition(types[name].map { $0 == tensor.type } ?? true, "state ‘\(name)’ is not \(tensor.type)")
    let bytes = self.bytes(name, initial: tensor)
    tensor.withBytes { bytes.copyMemory(from: $0) }
  }

  /// Sets all states of `graph` to their initial values; sessions see them in their next run.
  ///
  /// Throws where the store holds another type under the name of a state.
  public func reset(to graph: Graph) throws(GraphError) {
    var states: [String: Tensor] = [:]
    for state in graph.states {
      if case .state(let initial, _) = graph.origin(of: state) { states[graph.name(of: state)] = initial }
    }
    try restore(states)
  }

  /// Copies of all states.
  public var contents: [String: Tensor] { Dictionary(uniqueKeysWithValues: names.map { ($0, self[$0]!) }) }

  /// Sets all of `states`, or none where one has another type than the state of its name; sessions see them in their next run.
  public func restore(_ states: [String: Tensor]) throws(GraphError) {
    for (name, tensor) in states.sorted(by: { $0.key < $1.key }) {
      guard tensor.type.isConcrete, tensor.element != .string, types[name].map({ $0 == tensor.type }) ?? true else {
        throw GraphError(
          .type, "state ‘\(name)’ is \(types[name].map(\.description) ?? "a tensor of numbers"), not \(tensor.type)")
      }
    }
    for (name, tensor) in states { set(name, to: tensor) }
  }

  /// Whether the floating-point state `name` holds finite numbers only; true where there is no such state.
  public func isFinite(_ name: String) -> Bool {
    guard let type = types[name], let bytes = buffers[name] else { return true }
    return FiniteCheck.isFinite(type, UnsafeRawBufferPointer(bytes))
  }

  /// Throws unless every state that is there already has the type of the one of that name in `states`.
  func check(_ states: [(name: String, initial: Tensor)]) throws(GraphError) {
    for state in states {
      guard let known = types[state.name], known != state.initial.type else { continue }
      throw GraphError(
        .type,
        "the model’s state ‘\(state.name)’ is \(state.initial.type), the store’s is \(known); give the session a store of its own"
      )
    }
  }

  func bytes(_ name: String, initial: Tensor) -> UnsafeMutableRawBufferPointer {
    if let known = buffers[name] { return known }
    let bytes = initial.withBytes { source in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 64), alignment: 64)
      copy.copyMemory(from: source)
      return copy
    }
    (buffers[name], types[name]) = (bytes, initial.type)
    return bytes
  }
}
