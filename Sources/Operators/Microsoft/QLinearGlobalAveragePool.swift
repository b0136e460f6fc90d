public import HoneIR
import HoneKernels

extension Microsoft {
  /// The mean of each plane, quantized.
  public struct QLinearGlobalAveragePool: MicrosoftOp, ExecutableOp, CompositeOp {
    /// Operands and result are `[N, …, C]`.
    public var channels_last = false
    public init() {}

    public func kernel(_ call: Call) throws(GraphError) -> Kernel {
      let sizes = try call.sizes(0)
      guard channels_last, sizes.count >= 3, !sizes.contains(0) else {
        throw GraphError(.unsupported, "has no kernel for channels first")
      }
      return try bytePooling(globalPool(sizes), countsPadding: true, call)
    }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try expandUnary(channels_last ? NHWCGlobalAveragePool() : GlobalAveragePool(), operands, call, in: &g)
    }
  }
}

/// The kernel that averages operand 0 of `[N, …, C]` with scale and zero point in operands 1 and 2, to those in 3 and 4.
func bytePooling(_ shape: ConvolutionShape, countsPadding: Bool, _ call: Call) throws(GraphError) -> Kernel {
  let element = try call.element(0)
  guard try call.result().element == element, let x = try call.grid(element, scale: 1, zero: 2),
    let y = try call.grid(element, scale: 3, zero: 4)
  else { throw GraphError(.unsupported, "has no kernel for scales or zero points that are no constants") }
  return pooling(
    Pooling(
      shape, kind: .average(countsPadding: countsPadding),
      element: .quantized(x.type, xZero: x.zero, scale: x.scale / y.scale, yZero: y.zero)))
}
