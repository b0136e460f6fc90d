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
