import HoneIR

/// Reads scales and zero points, whatever their types, into scratch memory as `Float`.
struct QuantizationParameters: Sendable {
  let count: Int
  private let scale: RealReader
  private let zero: RealReader?

  /// Operands 1 and, if present, 2 of a quantizing or dequantizing operator.
  init(_ call: Call, count: Int) throws(GraphError) {
    self.count = count
    scale = try RealReader(try call.element(1))
    zero = call.has(2) ? try RealReader(try call.element(2)) : nil
    if call.has(2), try call.tensor(2).elementCount != count {
      throw GraphError(.type, "\(count) scales, but zero points of \(try call.tensor(2))")
    }
  }

  var scratchByteCount: Int { 2 * count * MemoryLayout<Float>.stride }

  /// Reads all scales and zero points to `memory`.
  func read(
    _ frame: borrowing Frame, to memory: UnsafeMutableRawPointer
  ) -> (scales: UnsafeMutablePointer<Float>, zeros: UnsafeMutablePointer<Float>) {
    let scales = memory.assumingMemoryBound(to: Float.self)
    let zeros = scales + count
    scale.read(frame.operandBytes(1), 0, count, into: scales)
    if let zero {
      zero.read(frame.operandBytes(2), 0, count, into: zeros)
    } else {
      zeros.update(repeating: 0, count: count)
    }
    return (scales, zeros)
  }
}

/// The zero point has the quantized type and the shape of the scale.
func checkParameters(_ call: Call, quantized: ElementType) throws(GraphError) {
  let scale = try call.tensor(1)
  guard scale.element.isFloatingPoint || scale.element == .int32 else {
    throw GraphError(.type, "the scale must be of a floating-point type: \(scale)")
  }
  guard call.has(2) else { return }
  let zero = try call.tensor(2)
  guard zero.element == quantized else {
    throw GraphError(.type, "the zero point must be \(quantized.rawValue): \(zero)")
  }
}
