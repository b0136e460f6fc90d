public import HoneIR

/// The sizes of an array, or those of the axes from `start` to `end`.
public struct Shape: KernelEvaluatedOp, SymbolicOp {
  public var start = 0
  public var end: Int?
  public init() {}

  private func range(_ rank: Int) -> Range<Int> {
    func clamped(_ i: Int) -> Int { min(max(i < 0 ? i + rank : i, 0), rank) }
    let (first, last) = (clamped(start), clamped(end ?? rank))
    return first..<max(first, last)
  }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let rank = try call.tensor(0).rank
    return [.tensor(.int64, [rank.map { Dimension(range($0).count) } ?? call.unknownSize()])]
  }
  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let shape = call.operands.first??.type.tensor?.shape else { return nil }
    return Array(shape[range(shape.count)])
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let shown = sizes[range(sizes.count)].map(Int64.init)
    return Kernel { frame in
      let y = frame.result(as: Int64.self)
      for i in shown.indices { y[i] = shown[i] }
    }
  }
}

/// Sizes have no gradient.
extension Shape: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
