public import HoneIR
import HoneKernels

/// The cotangent of the operand of `NHWCMaxPool`. Operands are the result's cotangent, what was pooled, and the result.
public struct NHWCMaxPoolGradient: ExecutableOp, CompositeOp, PoolOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}
  public init(_ op: NHWCMaxPool) {
    (auto_pad, ceil_mode, dilations) = (op.auto_pad, op.ceil_mode, op.dilations)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(1))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(1) == .float32 else { throw .unsupported(try call.element(1)) }
    let shape = try channelsLastPool(of: call.sizes(1), call)
    let plan = PoolingGradient(shape, kind: .maximum, threads: call.threads)
    return Kernel(tasks: plan.taskCount) { frame, range in
      plan.run(
        tasks: range, dy: frame.operand(0), x: frame.operand(1), y: frame.operand(2), dx: frame.result())
    }
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    var pool = MaxPoolGradient()
    (pool.auto_pad, pool.ceil_mode, pool.dilations) = (auto_pad, ceil_mode, dilations)
    (pool.kernel_shape, pool.pads, pool.strides) = (kernel_shape, pads, strides)
    let x = try NHWC.transpose(operands[1], toLast: false, in: &g)
    return [try NHWC.apply(pool, [operands[0], x], in: &g)]
  }
}
