public import HoneIR

/// The p-norm of each plane.
public struct GlobalLpPool: ExecutableOp {
  public var p = 2
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard p > 0 else { throw GraphError(.attribute, "p \(p) is not positive") }
    return try globallyPooled(call)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float32: return try norm(call, Float.self)
    case .float64: return try norm(call, Double.self)
    case .float16: return try norm(call, Float16.self)
    case .bfloat16: return try norm(call, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func norm<T: RealElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let norm = Norm(p: p)
    return try foldPlanes(call, T.self) { plane in
      var sum = 0.0
      for i in 0..<plane.count { sum += norm.power(Double(plane[i].real)) }
      return T.Real(norm.root(sum))
    }
  }
}

extension GlobalLpPool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let share = try Norm(p: p).share(of: dy, node.result, in: &g)
    return [try Norm(p: p).cotangent(of: x, share, in: &g)]
  }
}
