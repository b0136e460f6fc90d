public import HoneIR

/// State shared by the plans of one model: training and evaluation read the same weights. For one thread at a time.
public final class StateStore {
  private var buffers: [String: UnsafeMutableRawBufferPointer] = [:]
  private var types: [String: TensorType] = [:]

  public init() {}
  deinit { buffers.values.forEach { $0.deallocate() } }

  /// A copy of the state `name`, if it exists.
  public subscript(name: String) -> Tensor? {
    guard let bytes = buffers[name], let type = types[name] else { return nil }
    return Tensor(uninitialized: type) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<$0.count])) }
  }

  /// Sets the state `name`; sessions see it in their next run.
  public func set(_ name: String, to tensor: Tensor) {
    let bytes = self.bytes(name, initial: tensor)
    tensor.withBytes { bytes.copyMemory(from: $0) }
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
