public import HoneIR
import HoneKernels

extension Microsoft {
  /// The mean under each window, quantized.
  public struct QLinearAveragePool: MicrosoftOp, ExecutableOp, CompositeOp, RequiringOp {
    public static let required = ["kernel_shape"]
    public var auto_pad = AutoPad.notSet
    public var ceil_mode = false
    /// Operands and result are `[N, …, C]`.
    public var channels_last = false
    public var count_include_pad = false
    public var kernel_shape: [Int] = []
    public var pads: [Int] = []
    public var strides: [Int] = []
    public init() {}

    public func kernel(_ call: Call) throws(GraphError) -> Kernel {
      let last = NHWCAveragePool(standard)
      guard channels_last, !(count_include_pad && ceil_mode) else {
        throw GraphError(.unsupported, "has no kernel for channels first or windows that reach past the padding")
      }
      return try bytePooling(try last.channelsLastPool(call), countsPadding: count_include_pad, call)
    }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandUnary(channels_last ? NHWCAveragePool(standard) : standard, operands, call, in: &g)
    }

    private var standard: AveragePool {
      var pool = AveragePool()
      (pool.auto_pad, pool.ceil_mode, pool.count_include_pad) = (auto_pad, ceil_mode, count_include_pad)
      (pool.kernel_shape, pool.pads, pool.strides) = (kernel_shape, pads, strides)
      return pool
    }
  }
}
