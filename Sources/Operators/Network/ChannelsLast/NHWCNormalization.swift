public import HoneIR
import HoneKernels

/// `NHWCBatchNormalization` by a mean and an inverse standard deviation that are there already:
/// y = clip(scale · (x − mean) · inverse + bias + residual, low, high), with its very bits.
///
/// Operands: x, scale, bias, mean, inverse standard deviation, and perhaps a residual of x's type.
public struct NHWCNormalization: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var low: Float = -.infinity
  public var high: Float = .infinity
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(5...6)
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
    let sizes = try call.sizes(0)
    guard sizes.count > 1, sizes.reduce(1, *) > 0 else {
      throw GraphError(.unsupported, "has no kernel for \(try call.tensor(0))")
    }
    for i in 1..<5 where try call.sizes(i) != [sizes.last!] {
      throw GraphError(.type, "operand \(i) must be a vector of \(sizes.last!): \(try call.tensor(i))")
    }
    let slices = Kernel.Slices.count(batch: sizes[0])
    let plan = ColumnNormalization(
      rows: sizes.dropLast().reduce(1, *), columns: sizes.last!, epsilon: 0, low: low, high: high,
      slices: max(slices, 1))
    let hasResidual = call.has(5)
    let prepare = Kernel.Stage(tasks: 1, reads: [1, 2, 3, 4]) { frame, _ in
      plan.prepare(
        workspace: frame.workspace!, weight: frame.operand(1, as: Float.self), bias: frame.operand(2, as: Float.self),
        mean: frame.operand(3, as: Float.self), inverse: frame.operand(4, as: Float.self))
    }
    return Kernel(tasks: plan.taskCount) { frame, range in
      plan.scale(
        tasks: range, x: frame.operand(0, as: Float.self),
        residual: hasResidual ? frame.operand(5, as: Float.self) : nil, workspace: frame.workspace!,
        y: frame.result(0, as: Float.self))
    }.sliced(Kernel.Slices(slices, of: [0, 5])).after([prepare], workspace: plan.workspaceByteCount)
  }
}

extension NHWCBatchNormalization: RecomputableOp {
  public func recompute(_ node: Node, _ operands: [Value?], in graph: inout Graph) throws(GraphError) -> Value? {
    guard let x = operands[0], graph.tensorType(of: x).element == .float32 else { return nil }
    var op = NHWCNormalization()
    (op.low, op.high) = (low, high)
    return try graph.apply(
      op, [x, operands[1], operands[2], node.results[1], node.results[2]] + (operands.count > 5 ? [operands[5]] : []),
      resultCount: 1, named: node.name)[0]
  }
}
