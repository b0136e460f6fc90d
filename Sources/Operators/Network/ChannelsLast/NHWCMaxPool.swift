public import HoneIR
import HoneKernels

/// `MaxPool` of `[N, …, C]`, without indices.
public struct NHWCMaxPool: ExecutableOp, CompositeOp, PoolOp, RequiringOp {
  public static var domain: String { NHWC.domain }
  public static let required = ["kernel_shape"]
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  /// The channels-last form of `op`.
  public init(_ op: MaxPool) {
    (auto_pad, ceil_mode, dilations) = (op.auto_pad, op.ceil_mode, op.dilations)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.element(0), try channelsLastShape(call))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element: Pooling.Element
    switch try call.element(0) {
    case .float32: element = .float32
    case .bfloat16: element = .bfloat16
    case .uint8: element = .quantized(.uint8)
    case .int8: element = .quantized(.int8)
    case let other: throw .unsupported(other)
    }
    return pooling(Pooling(try channelsLastPool(call), kind: .maximum, element: element))
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    var pool = MaxPool()
    (pool.auto_pad, pool.ceil_mode, pool.dilations) = (auto_pad, ceil_mode, dilations)
    (pool.kernel_shape, pool.pads, pool.strides) = (kernel_shape, pads, strides)
    return [try NHWC.apply(pool, operands, in: &g)]
  }
}

extension PoolOp {
  /// `[N, …, C]` for operand 0 of that layout.
  func channelsLastShape(_ call: Call) throws(GraphError) -> [Dimension]? {
    guard let input = try call.shape(0) else { return nil }
    guard input.count >= 3 else { throw GraphError(.type, "has no spatial axis: \(try call.tensor(0))") }
    return input.prefix(1) + (try outputs(of: input.dropFirst().dropLast(), kernel: kernel_shape, call))
      + input.suffix(1)
  }

  /// The geometry of pooling operand 0 of `[N, …, C]`.
  func channelsLastPool(_ call: Call) throws(GraphError) -> ConvolutionShape {
    try channelsLastPool(of: call.sizes(0), call)
  }
  func channelsLastPool(of sizes: [Int], _ call: Call) throws(GraphError) -> ConvolutionShape {
    guard !sizes.contains(0) else { throw GraphError(.unsupported, "has no kernel for empty operands") }
    let window = try window(input: sizes.dropFirst().dropLast(), kernel: kernel_shape, call)
    let channels = sizes[sizes.count - 1]
    return ConvolutionSizes(batch: sizes[0], channels: channels, filters: channels, groups: channels, window: window)
      .channelsLast(batch: sizes[0])
  }
}

extension Pooling.Element {
  /// Elements that are averaged as they are.
  init(averaging element: ElementType) throws(GraphError) {
    switch element {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    case let other: throw .unsupported(other)
    }
  }
}

/// The kernel of a pooling plan.
func pooling(_ plan: Pooling) -> Kernel {
  Kernel(tasks: plan.taskCount) { frame, range in
    plan.run(tasks: range, x: frame.operandBytes(0), y: frame.resultBytes())
  }
  .byRows(
    plan.computesRows
      ? plan.shape.rows { frame, image, rows in
        plan.run(rows: rows, image: image, x: frame.operandBytes(0), y: frame.resultBytes())
      } : nil)
}

extension NHWCMaxPool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(NHWCMaxPoolGradient(self), dy, node.operands[0], node.result)]
  }
}
