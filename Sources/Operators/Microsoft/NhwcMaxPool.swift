public import HoneIR

extension Microsoft {
  /// `MaxPool` of `[N, …, C]`.
  public struct NhwcMaxPool: MicrosoftOp, CompositeOp, RequiringOp {
    public static let required = ["kernel_shape"]
    public var auto_pad = AutoPad.notSet
    public var ceil_mode = false
    public var dilations: [Int] = []
    public var kernel_shape: [Int] = []
    public var pads: [Int] = []
    public var strides: [Int] = []
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      var pool = NHWCMaxPool()
      (pool.auto_pad, pool.ceil_mode, pool.dilations) = (auto_pad, ceil_mode, dilations)
      (pool.kernel_shape, pool.pads, pool.strides) = (kernel_shape, pads, strides)
      return [try g.apply(pool, operands[0])]
    }
  }
}
