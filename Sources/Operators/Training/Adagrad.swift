public import HoneIR

/// One step of Adagrad: H' = H + G², X' = X − R/(1 + T·decay_factor)·G/(√H' + epsilon), with G += norm_coefficient·X.
public struct Adagrad: ExecutableOp {
  public var decay_factor: Float = 0
  public var epsilon: Float = 1e-6
  public var norm_coefficient: Float = 0
  public init() {}
  public static var domain: String { "ai.onnx.preview.training" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try UpdateKernel.resultTypes(call, groupCount: 3, firstState: 2)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try UpdateKernel(call, groupCount: 3).kernel(firstState: 2, single: step, double: step)
  }

  private func step<T: BinaryFloatingPoint>(
    _ rate: T, _ count: Int, _ buffers: UpdateKernel.Buffers<T>, _ range: Range<Int>
  ) {
    let rate = rate / (1 + T(count) * T(decay_factor))
    let (norm, epsilon) = (T(norm_coefficient), T(epsilon))
    for i in range {
      let x = buffers.operands[0][i]
      let gradient = norm * x + buffers.operands[1][i]
      let sum = buffers.operands[2][i] + gradient * gradient
      buffers.results[0]?[i] = x - rate * gradient / (sum.squareRoot() + epsilon)
      buffers.results[1]?[i] = sum
    }
  }
}
