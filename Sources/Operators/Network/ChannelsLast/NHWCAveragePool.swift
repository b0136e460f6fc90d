public import HoneIR
import HoneKernels

/// `AveragePool` of `[N, …, C]`.
public struct NHWCAveragePool: ExecutableOp, CompositeOp, PoolOp, RequiringOp {
  public static var domain: String { NHWC.domain }
  public static let required = ["kernel_shape"]
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var count_include_pad = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  /// The channels-last form of `op`.
  public init(_ op: AveragePool) {
    (auto_pad, ceil_mode, count_include_pad) = (op.auto_pad, op.ceil_mode, op.count_include_pad)
    (dilations, kernel_shape, pads, strides) = (op.dilations, op.kernel_shape, op.pads, op.strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.element(0), try channelsLastShape(call))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try Pooling.Element(averaging: try call.element(0))
    let shape = try channelsLastPool(call)
    if count_include_pad && ceil_mode {
      throw GraphError(.unsupported, "has no kernel for windows that reach past the padding")
    }
    return pooling(Pooling(shape, kind: .average(countsPadding: count_include_pad), element: element))
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    var pool = AveragePool()
    (pool.auto_pad, pool.ceil_mode, pool.count_include_pad) = (auto_pad, ceil_mode, count_include_pad)
    (pool.dilations, pool.kernel_shape, pool.pads, pool.strides) = (dilations, kernel_shape, pads, strides)
    return [try NHWC.apply(pool, operands, in: &g)]
  }
}

extension NHWCAveragePool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(NHWCAveragePoolGradient(self, input: g.sizes(of: node.operands[0]!)), dy)]
  }
}
