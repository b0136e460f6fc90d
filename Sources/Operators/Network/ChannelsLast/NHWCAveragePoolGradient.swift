public import HoneIR
import HoneKernels

/// The cotangent of the operand of `NHWCAveragePool`.
public struct NHWCAveragePoolGradient: ExecutableOp, CompositeOp, PoolOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var count_include_pad = false
  public var dilations: [Int] = []
  /// The sizes of what was pooled, channels last.
  public var input: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}
  public init(_ op: NHWCAveragePool, input: [Int]) {
    (auto_pad, ceil_mode, count_include_pad) = (op.auto_pad, op.ceil_mode, op.count_include_pad)
    (dilations, kernel_shape, pads, strides) = (op.dilations, op.kernel_shape, op.pads, op.strides)
    self.input = input
  }

  /// The gradient of the channels-first operator.
  private var channelsFirst: AveragePoolGradient {
    var pool = AveragePoolGradient()
    (pool.auto_pad, pool.ceil_mode, pool.count_include_pad) = (auto_pad, ceil_mode, count_include_pad)
    (pool.dilations, pool.kernel_shape, pool.pads, pool.strides) = (dilations, kernel_shape, pads, strides)
    pool.input = NHWC.toFirst(input)
    return pool
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.element(0), input)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
    let window = try window(input: input.dropFirst().dropLast(), kernel: kernel_shape, call)
    let reciprocals = channelsFirst.forward.tapCounts(window).map { 1 / Float($0) }
    let plan = PoolingGradient(
      try channelsLastPool(of: input, call), kind: .average(reciprocals: reciprocals), threads: call.threads)
    return Kernel(tasks: plan.taskCount) { frame, range in
      plan.run(tasks: range, dy: frame.operand(0), x: nil, y: nil, dx: frame.result())
    }
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    [try NHWC.apply(channelsFirst, operands, in: &g)]
  }
}
