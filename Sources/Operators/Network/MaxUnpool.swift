public import HoneIR

/// Puts elements back where `MaxPool` found them; all others are zero.
public struct MaxUnpool: ExecutableOp, RequiringOp {
  public static let required = ["kernel_shape"]
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let type = try call.tensor(0)
    if call.has(2) {
      if let sizes = call.symbolic(2) { return [.tensor(type.element, sizes)] }
      return [.tensor(type.element, type.shape.map { shape in shape.map { _ in call.unknownSize() } })]
    }
    return [.tensor(type.element, try type.shape.map { shape throws(GraphError) in try natural(shape) })]
  }

  /// The shape without operand 2.
  private func natural(_ shape: [Dimension]) throws(GraphError) -> [Dimension] {
    let rank = shape.count - 2
    guard rank >= 1, kernel_shape.count == rank, strides.isEmpty || strides.count == rank,
      pads.isEmpty || pads.count == 2 * rank
    else { throw GraphError(.attribute, "kernel_shape, strides or pads do not fit \(shape.count) axes") }
    let spatial = (0..<rank).map { axis in
      let padding = pads.isEmpty ? 0 : pads[axis] + pads[axis + rank]
      return (shape[axis + 2] - 1) * Dimension(strides.isEmpty ? 1 : strides[axis])
        + Dimension(kernel_shape[axis] - padding)
    }
    return shape.prefix(2) + spatial
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (input, output) = (try call.sizes(0), try call.resultSizes())
    let inner = try natural(input.map(Dimension.fixed)).map { $0.size! }
    guard inner.count == output.count, zip(inner, output).allSatisfy({ $0 <= $1 }) else {
      throw GraphError(.type, "\(inner) does not fit into the wanted \(output)")
    }
    switch try call.tensor(0).element.bitWidth {
    case 8: return scatter(input, inner, output, UInt8.self)
    case 16: return scatter(input, inner, output, UInt16.self)
    case 32: return scatter(input, inner, output, UInt32.self)
    case 64: return scatter(input, inner, output, UInt64.self)
    default: throw .unsupported(try call.element(0))
    }
  }

  /// Indices count in a tensor of `inner` sizes, which lies in the corner of the result.
  private func scatter<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ input: [Int], _ inner: [Int], _ output: [Int], _: T.Type
  ) -> Kernel {
    let (count, innerCount, outputCount) = (input.reduce(1, *), inner.reduce(1, *), output.reduce(1, *))
    let (from, to) = (HoneOperators.strides(of: inner), HoneOperators.strides(of: output))
    let isWhole = inner == output
    return Kernel { frame in
      let x = frame.operand(0, as: T.self)
      let indices = frame.operand(1, as: Int64.self)
      let y = frame.result(0, as: T.self)
      y.update(repeating: 0, count: outputCount)
      for i in 0..<count {
        let index = Int(indices[i])
        guard index >= 0, index < innerCount else {
          frame.fail(.indexOutOfRange)
          return
        }
        if isWhole {
          y[index] = x[i]
          continue
        }
        var (rest, target) = (index, 0)
        for axis in from.indices {
          target += rest / from[axis] * to[axis]
          rest %= from[axis]
        }
        y[target] = x[i]
      }
    }
  }
}

extension MaxUnpool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (sizes, output) = (try g.sizes(of: node.operands[0]!), try g.sizes(of: dy))
    var inner: [Int] = []
    for size in try natural(sizes.map(Dimension.fixed)) { inner.append(size.size!) }
    var corner = dy
    if inner != output {
      let starts = g.constant(.integers(inner.map { _ in 0 }))
      corner = try g.apply(Slice(), dy, starts, g.constant(.integers(inner)))
    }
    return [try g.apply(Gather(), g.shaped(corner, [inner.product]), node.operands[1])]
  }
}
