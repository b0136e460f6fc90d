import HoneIR

/// y = x − log Σ exp x along an axis
public struct LogSoftmax: SoftmaxOp, RowKernelOp {
  public var axis = -1
  public init() {}
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    softmaxKernel(T.self, try layout(call), logarithm: true)
  }
}
