public import HoneIR

/// The largest element of each plane.
public struct GlobalMaxPool: ExecutableOp {
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { try globallyPooled(call) }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float32: return try largest(call, Float.self)
    case .float64: return try largest(call, Double.self)
    case .float16: return try largest(call, Float16.self)
    case .bfloat16: return try largest(call, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func largest<T: RealElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    try foldPlanes(call, T.self) { plane in
      var best = -T.Real.infinity
      for i in 0..<plane.count { best = max(best, plane[i].real) }
      return best
    }
  }
}

/// The first of the largest elements of a plane receives the gradient.
extension GlobalMaxPool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let sizes = try g.sizes(of: x)
    let (planes, count) = (sizes[..<2].reduce(1, *), sizes[2...].reduce(1, *))
    var largest = ArgMax()
    largest.axis = 1
    var scatter = ScatterElements()
    scatter.axis = 1
    let places = try g.apply(largest, g.shaped(x, [planes, count]))
    let zeros = try g.zeros([planes, count], g.tensorType(of: x).element)
    return [try g.shaped(g.apply(scatter, zeros, places, g.shaped(dy, [planes, 1])), sizes)]
  }
}
