public import HoneIR

/// The discrete Fourier transform along an axis. The last axis holds real and imaginary parts, or real parts alone.
public struct DFT: ExecutableOp, UpgradableOp {
  public var inverse = false
  public var onesided = false
  public init() {}
  public static var since: Int { 20 }

  /// Operator set 17 has the axis, by default 1, as an attribute.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 20 else { return }
    while node.operands.count < 3 { node.operands.append(nil) }
    node.operands[2] = graph.constant(.scalar(Int64(node.attributes.removeValue(forKey: "axis")?.int ?? 1)))
  }

  private func axis(_ call: Call, rank: Int) throws(GraphError) -> Int? {
    guard call.has(2) else { return try signalAxis(-2, rank: rank, call) }
    guard let axis = call.symbolic(2)?.first?.size else { return nil }
    return try signalAxis(axis, rank: rank, call)
  }
  private func signalAxis(_ axis: Int, rank: Int, _ call: Call) throws(GraphError) -> Int {
    let place = try call.axis(axis, rank: rank)
    guard place < rank - 1 else { throw GraphError(.attribute, "axis \(axis) holds the parts of complex numbers") }
    return place
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...3)
    let input = try call.tensor(0)
    guard var shape = input.shape else { return [.tensor(input)] }
    guard shape.count >= 2 else { throw GraphError(.type, "takes two axes or more, not \(input)") }
    if let parts = shape[shape.count - 1].size, parts != 1, parts != 2 {
      throw GraphError(.type, "\(parts) parts of complex numbers")
    }
    shape[shape.count - 1] = inverse && onesided ? 1 : 2
    let wantedLength = call.symbolic(1)?.first
    guard let axis = try axis(call, rank: shape.count) else {
      for i in shape.indices.dropLast() { shape[i] = call.unknownSize() }
      return [.tensor(input.with(shape: shape))]
    }
    var length = shape[axis]
    if call.has(1) {
      length = wantedLength ?? call.unknownSize()
    } else if inverse && onesided {
      length = (length - 1) * 2
    }
    if let size = length.size, size < 1 { throw GraphError(.type, "a transform of length \(size)") }
    shape[axis] = onesided && !inverse ? length / 2 + 1 : length
    return [.tensor(input.with(shape: shape))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let access = try DoubleAccess(call.element(0))
    if call.has(2) { _ = try call.requireKnown(2, "the axis") }
    let axis = try axis(call, rank: sizes.count)!
    var length = inverse && onesided ? 2 * (sizes[axis] - 1) : sizes[axis]
    if call.has(1) { length = try call.requireKnown(1, "the length").integer(at: 0) }
    guard length >= 1 else { throw GraphError(.type, "a transform of length \(length)") }
    // NumPy, whose results the official cases hold, transforms float32 forward in float64 and back in float32.
    let isSingle = inverse && access.element != .float64 && !smallFactors(of: length).isEmpty
    return isSingle
      ? try kernel(call, axis, access, FourierTransform<Float>(length))
      : try kernel(call, axis, access, FourierTransform<Double>(length))
  }

  private func kernel<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>(
    _ call: Call, _ axis: Int, _ access: DoubleAccess, _ transform: FourierTransform<T>
  ) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let resultSizes = try call.resultSizes()
    let (parts, resultParts) = (sizes[sizes.count - 1], resultSizes[sizes.count - 1])
    let line = SignalLine(
      transform: transform, access: access, isInverse: inverse, isHalf: onesided,
      parts: parts, resultParts: resultParts, count: sizes[axis], resultCount: resultSizes[axis])
    let inner = sizes[(axis + 1)..<(sizes.count - 1)].reduce(1, *)
    let outer = sizes[..<axis].reduce(1, *)
    return Kernel(tasks: outer * inner, scratch: line.scratchByteCount) { frame, range in
      for task in range where task < outer * inner {
        let (i, j) = (task / inner, task % inner)
        line.run(
          frame.operandBytes(0), from: (i * line.count * inner + j) * parts, step: inner * parts,
          to: frame.resultBytes(), from: (i * line.resultCount * inner + j) * resultParts, step: inner * resultParts,
          window: nil, scratch: frame.scratch)
      }
    }
  }
}
