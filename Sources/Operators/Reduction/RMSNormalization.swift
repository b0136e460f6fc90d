public import HoneIR
import HoneKernels

/// y = x/√(mean of squares + epsilon)·scale over the axes from `axis` on
public struct RMSNormalization: RowKernelOp {
  public var axis = -1
  public var epsilon: Float = 1e-5
  public var stash_type = ElementType.float32
  public init() {}
  public static var since: Int { 23 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let type = try call.tensor(0)
    if let rank = type.rank { _ = try call.axis(axis, rank: rank) }
    return [.tensor(try call.element(1), type.shape)]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let rows = try NormalizedRows(call, axis: axis)
    let epsilon = T(epsilon)
    let n = rows.count
    return Kernel(tasks: rows.outer) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let scale = frame.operand(1, as: T.self)
      for row in range where n * rows.outer > 0 {
        let source = x + row * n
        let factor = 1 / (T.sum(source, count: n, .sumSquare) / T(n) + epsilon).squareRoot()
        rows.apply(source, 0, factor, scale, nil, row, y + row * n)
      }
    }
  }
}

extension RMSNormalization: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return try g.normalizationPullback(node, dy, axis: axis, epsilon: epsilon, centred: false)
  }
}
