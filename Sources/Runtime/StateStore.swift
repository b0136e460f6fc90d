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
