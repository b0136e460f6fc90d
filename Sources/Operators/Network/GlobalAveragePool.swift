public import HoneIR

/// The mean of each plane.
public struct GlobalAveragePool: ExecutableOp {
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { try globallyPooled(call) }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float32: return try mean(call, Float.self)
    case .float64: return try mean(call, Double.self)
    case .float16: return try mean(call, Float16.self)
    case .bfloat16: return try mean(call, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func mean<T: RealElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    try foldPlanes(call, T.self) { plane in
      var sums = (T.Real.zero, T.Real.zero, T.Real.zero, T.Real.zero)
      var i = 0
      while i + 4 <= plane.count {
        sums.0 += plane[i].real
        sums.1 += plane[i + 1].real
        sums.2 += plane[i + 2].real
        sums.3 += plane[i + 3].real
        i += 4
      }
      while i < plane.count {
        sums.0 += plane[i].real
        i += 1
      }
      return (sums.0 + sums.1 + sums.2 + sums.3) / T.Real(plane.count)
    }
  }
}

extension GlobalAveragePool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let (sizes, result) = (try g.sizes(of: x), try g.sizes(of: dy))
    let share = try g.apply(Mul(), dy, g.number(Double(result.product) / Double(max(sizes.product, 1)), like: dy))
    return [try g.apply(Expand(), share, g.constant(.integers(sizes)))]
  }
}
