import Synchronization

/// Constants in the layouts that kernels want, each made once per model and layout and shared by all plans and sessions.
public final class PackedWeights: Sendable {
  private struct Key: Hashable {
    var tensors: [ObjectIdentifier]
    var layout: String
  }
  private struct Entry {
    var sources: [Tensor]
    var packed: any Sendable
  }
  private let entries = Mutex<[Key: Entry]>([:])

  public init() {}

  /// The packed form of `tensor`, made by `pack` when asked for first. `layout` names everything the result depends on.
  public func packed<T: Sendable>(_ tensor: Tensor, layout: String, _ pack: (Tensor) throws(GraphError) -> T)
    throws(GraphError) -> T
  {
    try packed([tensor], layout: layout) { tensors throws(GraphError) in try pack(tensors[0]) }
  }

  /// The packed form of several tensors in one piece.
  public func packed<T: Sendable>(_ tensors: [Tensor], layout: String, _ pack: ([Tensor]) throws(GraphError) -> T)
    throws(GraphError) -> T
  {
    let types = tensors.map { "\($0.type)" }.joined(separator: " ")
    let key = Key(tensors: tensors.map(\.identity), layout: "\(types) \(layout)")
    if let entry = entries.withLock({ $0[key] }), let known = entry.packed as? T { return known }
    let packed = try pack(tensors)
    for tensor in tensors { tensor.discardPages() }
    entries.withLock { $0[key] = Entry(sources: tensors, packed: packed) }
    return packed
  }
}
