public import HoneIR
import HoneKernels

/// The gradients of `NHWCBatchNormalization` with respect to x, scale, bias and residual.
///
/// Operands: x, dy, scale, bias, the batch's mean and inverse standard deviation, and perhaps the residual.
public struct NHWCBatchNormalizationGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var epsilon: Float = 1e-5
  public var low: Float = -.infinity
  public var high: Float = .infinity
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(6...7)
    let (x, scale) = (ValueType.tensor(try call.tensor(0)), ValueType.tensor(try call.tensor(2)))
    return [x, scale, scale] + (call.has(6) ? [x] : [])
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
    let sizes = try call.sizes(0)
    let plan = ColumnNormalization(
      rows: sizes.dropLast().reduce(1, *), columns: sizes.last!, epsilon: epsilon, low: low, high: high,
      slices: max(Kernel.Slices.count(batch: sizes[0]), 1))
    let slices = Kernel.Slices(Kernel.Slices.count(batch: sizes[0]), of: [0, 1, 6])
    let hasResidual = call.has(6)
    let operands: @Sendable (borrowing Frame) -> ColumnNormalization.Operands = { frame in
      ColumnNormalization.Operands(
        x: frame.operand(0), dy: frame.operand(1), weight: frame.operand(2), bias: frame.operand(3),
        mean: frame.operand(4), inverse: frame.operand(5), residual: hasResidual ? frame.operand(6) : nil)
    }
    let sums = Kernel.Stage(tasks: plan.taskCount, slices: slices) { frame, range in
      plan.gradientSums(tasks: range, operands(frame), workspace: frame.workspace!, scratch: frame.scratch)
    }
    let join = Kernel.Stage(tasks: plan.joinTaskCount) { frame, range in
      plan.joinGradients(
        tasks: range, operands(frame), workspace: frame.workspace!, dWeight: frame.result(1), dBias: frame.result(2))
    }
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount, overwrites: [0: 1]) { frame, range in
      plan.gradient(
        tasks: range, operands(frame), workspace: frame.workspace!, dx: frame.result(0),
        dResidual: hasResidual && frame.hasResult(3) ? frame.result(3) : nil, scratch: frame.scratch)
    }.sliced(slices).after([sums, join], workspace: plan.workspaceByteCount)
  }
}
