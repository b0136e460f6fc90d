import Synchronization

/// Constants in the layouts that kernels want, each made once per model and layout and shared by all plans and sessions.
public final class PackedWeights: Sendable {
  private struct Key: Hashable {
    var tensor: ObjectIdentifier
    var layout: String
  }
  private struct Entry {
    var source: Tensor
    var packed: any Sendable
  }
  private let entries = Mutex<[Key: Entry]>([:])

  public init() {}

  /// The packed form of `tensor`, made by `pack` when asked for first. `layout` names everything the result depends on.
  public func packed<T: Sendable>(_ tensor: Tensor, layout: String, _ pack: (Tensor) throws(GraphError) -> T)
    throws(GraphError) -> T
  {
    let key = Key(tensor: tensor.identity, layout: "\(tensor.type) \(layout)")
    if let entry = entries.withLock({ $0[key] }), let known = entry.packed as? T { return known }
    let packed = try pack(tensor)
    tensor.discardPages()
    entries.withLock { $0[key] = Entry(source: tensor, packed: packed) }
    return packed
  }
}
