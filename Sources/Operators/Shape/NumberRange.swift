public import HoneIR

/// start, start + delta, … up to but without `limit`.
public struct NumberRange: ExecutableOp, SymbolicOp {
  public static var name: String { "Range" }
  /// The type in which 16-bit floats are computed.
  public var stash_type = ElementType.float32
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    let element = try call.element(0)
    for i in 1..<3 where try call.element(i) != element {
      throw GraphError(.type, "start, limit and delta must be of one type, are \(try (0..<3).map(call.element))")
    }
    return [.tensor(element, [try count(call, element) ?? call.unknownSize()])]
  }

  private func count(_ call: Call, _ element: ElementType) throws(GraphError) -> Dimension? {
    let scalars = [call.known(0), call.known(1), call.known(2)].compactMap { $0 }
    if scalars.count == 3 {
      guard scalars.allSatisfy({ $0.elementCount == 1 }) else {
        throw GraphError(.type, "start, limit and delta are scalars")
      }
      if element.isInteger {
        let (start, limit, delta) = (scalars[0].integer(at: 0), scalars[1].integer(at: 0), scalars[2].integer(at: 0))
        guard delta != 0 else { throw GraphError(.input, "delta is 0") }
        let (distance, overflow) = limit.subtractingReportingOverflow(start)
        guard !overflow, delta != .min else {
          throw GraphError(.input, "the range from \(start) to \(limit) is too long")
        }
        if distance == 0 || (distance > 0) != (delta > 0) { return 0 }
        return Dimension((abs(distance) - 1) / abs(delta) + 1)
      }
      let count = ((scalars[1].double(at: 0) - scalars[0].double(at: 0)) / scalars[2].double(at: 0)).rounded(.up)
      guard count.isFinite, count < 1e15 else { throw GraphError(.input, "the range has \(count) elements") }
      return Dimension(Int(max(count, 0)))
    }
    guard element.isInteger, let start = call.symbolic(0)?.first, let limit = call.symbolic(1)?.first,
      let delta = call.symbolic(2)?.first?.size, delta > 0
    else { return nil }
    let distance = limit - start
    if let known = distance.size { return Dimension(known <= 0 ? 0 : (known - 1) / delta + 1) }
    return delta == 1 ? distance : (distance + Dimension(delta - 1)) / Dimension(delta)
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let type = try? infer(call).first?.tensor, type.element.isInteger, let count = type.shape?.first?.size,
      count <= 64,
      let start = call.symbolic(0)?.first, let delta = call.symbolic(2)?.first
    else { return nil }
    return (0..<count).map { start + delta * Dimension($0) }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let count = try call.resultSizes()[0]
    let isExact = stash_type != .float32
    switch try call.element(0) {
    case .float32: return kernel(count) { (x: Float, d: Float, i) in x + Float(i) * d }
    case .float64: return kernel(count) { (x: Double, d: Double, i) in x + Double(i) * d }
    case .float16:
      if isExact { return kernel(count) { (x: Float16, d: Float16, i) in x + Float16(i) * d } }
      return kernel(count) { (x: Float16, d: Float16, i) in Float16(Float(x) + Float(i) * Float(d)) }
    case .bfloat16: return kernel(count) { (x: BFloat16, d: BFloat16, i) in BFloat16(x.float + Float(i) * d.float) }
    case .int16: return kernel(count) { (x: Int16, d: Int16, i) in x &+ Int16(truncatingIfNeeded: i) &* d }
    case .int32: return kernel(count) { (x: Int32, d: Int32, i) in x &+ Int32(truncatingIfNeeded: i) &* d }
    case .int64: return kernel(count) { (x: Int64, d: Int64, i) in x &+ Int64(i) &* d }
    case let element: throw GraphError(.unsupported, "Range of \(element.rawValue)")
    }
  }

  private func kernel<T: TensorElement>(_ count: Int, _ element: @escaping @Sendable (T, T, Int) -> T) -> Kernel {
    Kernel { frame in
      let (start, delta) = (frame.operand(0, as: T.self).pointee, frame.operand(2, as: T.self).pointee)
      let y = frame.result(as: T.self)
      for i in 0..<count { y[i] = element(start, delta, i) }
    }
  }
}

extension NumberRange: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let count = try g.sizes(of: dy)[0]
    let steps = g.constant(
      Tensor(g.tensorType(of: dy).with(shape: [Dimension(count)])) { bytes in
        for i in 0..<count { NumberReader.store(Double(i), bytes.baseAddress!, i, g.tensorType(of: dy).element) }
      })
    var total = ReduceSum()
    total.keepdims = false
    return [
      try g.shaped(g.apply(total, dy), g.sizes(of: node.operands[0]!)), nil,
      try g.shaped(g.apply(total, g.apply(Mul(), dy, steps)), g.sizes(of: node.operands[2]!)),
    ]
  }
}
