public import HoneIR
import HoneKernels

/// `LayerNormalization` or `RMSNormalization` over the last axis of x + skip + bias, bfloat16 data beside float32 scale, shift
/// and bias.
///
/// Operands: x, scale, shift, skip, bias. Results: it, and the sum. Made by lowering and never exported.
public struct NarrowLayerNormalization: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var epsilon: Float = 1e-5
  public var root_mean_square = false
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...5)
    let type = ValueType.tensor(try call.tensor(0))
    return Array(repeating: type, count: max(call.resultCount, 1))
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .bfloat16 else { throw .unsupported(try call.element(0)) }
    let sizes = try call.sizes(0)
    guard let count = sizes.last, count > 0 else { throw GraphError(.unsupported, "has no kernel for empty rows") }
    for i in [1, 2, 4] where call.has(i) {
      guard try call.sizes(i) == [count], try call.element(i) == .float32 else {
        throw GraphError(.type, "operand \(i) must be a float32 vector of \(count): \(try call.tensor(i))")
      }
    }
    if call.has(3), try call.tensor(3) != call.tensor(0) {
      throw GraphError(.type, "x and skip differ: \(try call.tensor(0)) and \(try call.tensor(3))")
    }
    let plan = BFloat16Normalization(
      rows: sizes.dropLast().reduce(1, *), count: count, epsilon: epsilon, isRootMeanSquare: root_mean_square)
    let (hasShift, hasSkip, hasBias, hasSum) = (call.has(2), call.has(3), call.has(4), call.results.count > 1)
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, x: frame.operand(0), skip: hasSkip ? frame.operand(3) : nil,
        bias: hasBias ? frame.operand(4) : nil, scale: frame.operand(1), shift: hasShift ? frame.operand(2) : nil,
        y: frame.result(0), sum: hasSum && frame.hasResult(1) ? frame.result(1) : nil, scratch: frame.scratch)
    }
  }
}
