public import HoneIR
import HoneKernels

/// Batch normalization of `[N, …, C]` by the batch's own mean and variance, with what follows it:
/// y = clip(scale · (x − mean) / √(variance + epsilon) + bias + residual, low, high).
///
/// Operands: x, scale, bias, running mean and variance, and perhaps a residual of x's type. Results: y, the batch's mean
/// and inverse standard deviation, which its gradient reads, and the next running mean and variance: the old one times
/// `momentum` plus the batch's times 1 − momentum.
public struct NHWCBatchNormalization: ExecutableOp, DifferentiableOp {
  public static var domain: String { NHWC.domain }
  public var epsilon: Float = 1e-5
  public var momentum: Float = 0.9
  public var low: Float = -.infinity
  public var high: Float = .infinity
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(5...6)
    let (x, scale) = (try call.tensor(0), try call.tensor(1))
    if call.has(5), try call.tensor(5) != x {
      throw GraphError(.type, "the residual must have the type of the operand: \(try call.tensor(5)), \(x)")
    }
    return [.tensor(x)] + (1..<5).map { _ in .tensor(scale) }
  }

  func plan(_ sizes: [Int]) -> ColumnNormalization {
    ColumnNormalization(
      rows: sizes.dropLast().reduce(1, *), columns: sizes.last!, epsilon: epsilon, low: low, high: high,
      slices: max(Kernel.Slices.count(batch: sizes[0]), 1))
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
    let plan = plan(sizes)
    let hasResidual = call.has(5)
    let keep = momentum
    let slices = Kernel.Slices.count(batch: sizes[0])
    let moments = Kernel.Stage(tasks: plan.taskCount, slices: Kernel.Slices(slices, of: [0])) { frame, range in
      plan.moments(tasks: range, x: frame.operand(0, as: Float.self), workspace: frame.workspace!)
    }
    let join = Kernel.Stage(tasks: plan.joinTaskCount) { frame, range in
      let hasRunning = frame.hasResult(3) && frame.hasResult(4)
      let (oldMean, oldVariance) = (frame.operand(3, as: Float.self), frame.operand(4, as: Float.self))
      let nextMean = hasRunning ? frame.result(3, as: Float.self) : nil
      let nextVariance = hasRunning ? frame.result(4, as: Float.self) : nil
      plan.join(
        tasks: range, workspace: frame.workspace!, weight: frame.operand(1, as: Float.self),
        bias: frame.operand(2, as: Float.self),
        mean: frame.hasResult(1) ? frame.result(1) : nil, inverse: frame.hasResult(2) ? frame.result(2) : nil
      ) { c, mean, variance in
        nextMean?[c] = oldMean[c] * keep + mean * (1 - keep)
        nextVariance?[c] = oldVariance[c] * keep + variance * (1 - keep)
      }
    }
    return Kernel(tasks: plan.taskCount, overwrites: [3: 3, 4: 4]) { frame, range in
      plan.scale(
        tasks: range, x: frame.operand(0, as: Float.self),
        residual: hasResidual ? frame.operand(5, as: Float.self) : nil, workspace: frame.workspace!,
        y: frame.result(0, as: Float.self))
    }.sliced(Kernel.Slices(slices, of: [0, 5])).after([moments, join], workspace: plan.workspaceByteCount)
  }

  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    var op = NHWCBatchNormalizationGradient()
    (op.epsilon, op.low, op.high) = (epsilon, low, high)
    let residual = node.operands.optional(5)
    let operands = [node.operands[0], dy, node.operands[1], node.operands[2], node.results[1], node.results[2]]
    let results = try g.apply(
      op, operands + (residual.map { [$0] } ?? []), resultCount: residual == nil ? 3 : 4, named: node.name)
    return [results[0], results[1], results[2], nil, nil, residual == nil ? nil : results[3]]
  }
}
