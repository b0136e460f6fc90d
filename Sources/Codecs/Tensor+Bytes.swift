public import HoneIR

extension Tensor {
  /// A tensor of a concrete numeric `type` from the bytes of its elements.
  public init(_ type: TensorType, bytes: [UInt8]) {
    precondition(type.byteCount == bytes.count, "\(type) does not take \(bytes.count) bytes")
    self.init(uninitialized: type) { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  /// The bytes of the elements.
  public var bytes: [UInt8] { withBytes { [UInt8]($0) } }

  /// The bytes `range` of the elements.
  public func bytes(_ range: Range<Int>) -> [UInt8] { withBytes { [UInt8]($0[range]) } }

  /// Tensors of one type along a new first axis.
  public static func stacked(_ tensors: [Tensor]) -> Tensor {
    precondition(
      !tensors.isEmpty && tensors.allSatisfy { $0.type == tensors[0].type }, "stacking needs tensors of one type")
    let first = tensors[0]
    let sizes = [tensors.count] + first.sizes
    if first.element == .string { return Tensor(strings: tensors.flatMap(\.strings), shape: sizes) }
    let stride = first.byteCount
    return Tensor(uninitialized: TensorType(first.element, sizes)) { target in
      for (i, tensor) in tensors.enumerated() {
        tensor.withBytes {
          UnsafeMutableRawBufferPointer(rebasing: target[i * stride..<(i + 1) * stride]).copyMemory(from: $0)
        }
      }
    }
  }
}
