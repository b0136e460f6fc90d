public import HoneIR
import HoneKernels

/// State shared by the plans of one model: training and evaluation read the same weights. For one thread at a time.
///
/// A state is there from the moment it is set, or a session is made whose graph has it. One that a program keeps as bfloat16
/// takes float32 tensors too, rounded.
public final class StateStore {
  private var buffers: [String: UnsafeMutableRawBufferPointer] = [:]
  private var types: [String: TensorType] = [:]
  /// States that sessions read and write where they lie.
  private var used: Set<String> = []

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
    precondition(takes(tensor.type, as: name), "state ‘\(name)’ is not \(tensor.type)")
    let bytes = self.bytes(name, initial: tensor)
    tensor.withBytes {
      guard types[name] == tensor.type || tensor.elementCount == 0 else {
        return InstructionSet.current.convert(
          $0.baseAddress!, .float32, to: bytes.baseAddress!, .bfloat16, count: tensor.elementCount)
      }
      bytes.copyMemory(from: $0)
    }
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
      guard tensor.type.isConcrete, tensor.element != .string, takes(tensor.type, as: name) else {
        throw GraphError(
          .type, "state ‘\(name)’ is \(types[name].map(\.description) ?? "a tensor of numbers"), not \(tensor.type)")
      }
    }
    for (name, tensor) in states { set(name, to: tensor) }
  }

  /// Whether the state `name` can be set to a tensor of `type`.
  private func takes(_ type: TensorType, as name: String) -> Bool {
    guard let known = types[name], known != type else { return true }
    return type.element == .float32 && known == type.with(.bfloat16)
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
      if state.initial.type == known.with(.bfloat16), known.element == .float32, !used.contains(state.name),
        let given = self[state.name]
      {
        // Set before anybody said how it is kept.
        buffers.removeValue(forKey: state.name)?.deallocate()
        _ = bytes(state.name, initial: state.initial)
        set(state.name, to: given)
        continue
      }
      throw GraphError(
        .type,
        "the model’s state ‘\(state.name)’ is \(state.initial.type), the store’s is \(known); give the session a store of its own"
      )
    }
  }

  /// The memory of the state `name`, for a session.
  func memory(_ name: String, initial: Tensor) -> UnsafeMutableRawBufferPointer {
    used.insert(name)
    return bytes(name, initial: initial)
  }

  private func bytes(_ name: String, initial: Tensor) -> UnsafeMutableRawBufferPointer {
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
