public import HoneIR

extension Microsoft {
  /// y = a·bᵀ + bias, b being constant blocks of `bits`-bit integers with a scale each.
  ///
  /// Operands: a `[…, K]`, b `[N, blocks, block_size·bits/8]` bytes, scales `[N·blocks]`, zero points (packed or as numbers),
  /// column order, bias.
  public struct MatMulNBits: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["K", "N", "block_size"]
    public var K = 0
    public var N = 0
    public var accuracy_level = 0
    public var bits = 4
    public var block_size = 32
    public var weight_prepacked = 0
    public init() {}

    private var blocks: Int { (K + block_size - 1) / block_size }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(3...6)
      guard let element = quantizedType, operands.optional(4) == nil, weight_prepacked == 0 else {
        throw GraphError(.unsupported, "has no kernel for \(bits) bits, reordered columns or packed weights")
      }
      guard block_size > 0, block_size * bits % 8 == 0, let packed = g.constant(operands[1]),
        packed.byteCount == N * blocks * block_size * bits / 8
      else { throw GraphError(.unsupported, "b is no constant of \(N) × \(blocks) blocks") }
      let weights = packed.bytes(as: TensorType(element, [N, blocks * block_size]))
      var quantization = HoneOperators.DequantizeLinear()
      (quantization.axis, quantization.block_size) = (1, block_size)
      let scales = try g.reshape(try operands.required(2), N, blocks)
      let zeros = try zeroPoints(operands.optional(3), element, in: &g)
      var dense: Value
      if g.tensorType(of: zeros).element == element {
        dense = try g.apply(quantization, g.constant(weights), scales, zeros)
      } else {
        dense = try g.apply(quantization, g.constant(weights), scales)
        let shift = try g.apply(Mul(), scales, zeros)
        let spread = try g.reshape(try g.unsqueeze(shift, 2), N, blocks, 1)
        let blocked = try g.apply(Sub(), try g.reshape(dense, N, blocks, block_size), spread)
        dense = try g.reshape(blocked, N, blocks * block_size)
      }
      if blocks * block_size != K { dense = try g.slice(dense, axis: 1, 0..<K) }
      let y = try g.apply(MatMul(), operands[0], try g.transpose(dense, [1, 0]))
      return [try operands.optional(5).map { bias throws(GraphError) in try g.apply(Add(), y, bias) } ?? y]
    }

    private var quantizedType: ElementType? {
      switch bits {
      case 2: .uint2
      case 4: .uint4
      case 8: .uint8
      default: nil
      }
    }

    /// `[N, blocks]` zero points: of the quantized type, or numbers.
    private func zeroPoints(_ operand: Value?, _ element: ElementType, in g: inout Graph) throws(GraphError) -> Value {
      guard let operand else {
        let zero = UInt8(1 << (bits - 1))
        return g.constant(.packed([UInt8](repeating: zero, count: N * blocks), element, [N, blocks]))
      }
      guard g.tensorType(of: operand).element == .uint8 else { return try g.reshape(operand, N, blocks) }
      let rowBytes = (blocks * bits + 7) / 8
      guard let packed = g.constant(operand), packed.byteCount == N * rowBytes else {
        throw GraphError(.unsupported, "the zero points are no constant of \(N) × \(rowBytes) bytes")
      }
      let padded = packed.bytes(as: TensorType(element, [N, rowBytes * 8 / bits]))
      let all = padded.integers
      let width = rowBytes * 8 / bits
      let values = (0..<N).flatMap { row in all[row * width..<row * width + blocks].map { UInt8($0) } }
      return g.constant(.packed(values, element, [N, blocks]))
    }
  }
}

extension Tensor {
  /// The same bytes as elements of another type.
  fileprivate func bytes(as type: TensorType) -> Tensor {
    withBytes { source in Tensor(uninitialized: type) { $0.copyMemory(from: source) } }
  }

  /// Small numbers as elements of an unsigned type of at most 8 bits.
  fileprivate static func packed(_ values: [UInt8], _ element: ElementType, _ sizes: [Int]) -> Tensor {
    let perByte = 8 / element.bitWidth
    return Tensor(TensorType(element, sizes)) { bytes in
      for (i, value) in values.enumerated() { bytes[i / perByte] |= value << UInt8(i % perByte * element.bitWidth) }
    }
  }
}
