public import HoneIR

/// The upper or lower triangle of each matrix, diagonal `k` included; zeros elsewhere.
public struct Trilu: MovementOp {
  public var upper = true
  public init() {}
  public static var since: Int { 14 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    let data = try call.tensor(0)
    if let rank = data.rank, rank < 2 { throw GraphError(.type, "takes matrices, has \(data)") }
    return [.tensor(data)]
  }
  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let (rows, columns) = (sizes[sizes.count - 2], sizes[sizes.count - 1])
    let count = sizes.dropLast().reduce(1, *)
    let width = try call.element(0).byteWidth
    let (upper, hasDiagonal) = (upper, call.has(1))
    if let k = try call.optionalTensor(1), k.elementCount != 1 || k.element != .int64 {
      throw GraphError(.type, "k must be one int64, is \(k)")
    }
    let grouped = max((1 << 15) / max(columns * width, 1), 1)
    return Kernel(tasks: (count + grouped - 1) / grouped, overwrites: [0: 0]) { frame, range in
      let k = hasDiagonal ? Int(frame.operand(1, as: Int64.self).pointee) : 0
      for row in range.items(grouped, of: count) {
        let (sum, overflow) = (row % rows).addingReportingOverflow(k)
        let diagonal = overflow ? (k > 0 ? columns : 0) : sum
        let split = min(max(upper ? diagonal : min(diagonal, columns) + 1, 0), columns)
        let (source, target) = (
          frame.operandBytes(0) + row * columns * width, frame.resultBytes() + row * columns * width
        )
        let kept = upper ? split..<columns : 0..<split
        if source != UnsafeRawPointer(target) {
          (target + kept.lowerBound * width).copyMemory(
            from: source + kept.lowerBound * width, byteCount: kept.count * width)
        }
        let cleared = upper ? 0..<split : split..<columns
        (target + cleared.lowerBound * width).initializeMemory(
          as: UInt8.self, repeating: 0, count: cleared.count * width)
      }
    }
  }
}

extension Trilu: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(self, [dy] + node.operands.dropFirst(), resultCount: 1)[0]]
  }
}
