#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import HoneIR

/// One step of Adam: V' = α·V + (1 − α)·G, H' = β·H + (1 − β)·G², X' = X − R·√(1 − βᵀ)/(1 − αᵀ)·V'/(√H' + epsilon).
public struct Adam: ExecutableOp {
  public var alpha: Float = 0.9
  public var beta: Float = 0.999
  public var epsilon: Float = 1e-6
  public var norm_coefficient: Float = 0
  public var norm_coefficient_post: Float = 0
  public init() {}
  public static var domain: String { "ai.onnx.preview.training" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try UpdateKernel.resultTypes(call, groupCount: 4, firstState: 2)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try UpdateKernel(call, groupCount: 4).kernel(firstState: 2, single: step, double: step)
  }

  private func step<T: BinaryFloatingPoint>(
    _ rate: T, _ count: Int, _ buffers: UpdateKernel.Buffers<T>, _ range: Range<Int>
  ) {
    var correction = 1.0
    if count > 0 {
      correction = (1 - pow(Double(beta), Double(count))).squareRoot() / (1 - pow(Double(alpha), Double(count)))
    }
    let rate = rate * T(correction)
    let (alpha, beta, epsilon, norm) = (T(alpha), T(beta), T(epsilon), T(norm_coefficient))
    let decay = 1 - T(norm_coefficient_post)
    for i in range {
      let x = buffers.operands[0][i]
      let gradient = norm * x + buffers.operands[1][i]
      let mean = alpha * buffers.operands[2][i] + (1 - alpha) * gradient
      let square = beta * buffers.operands[3][i] + (1 - beta) * gradient * gradient
      buffers.results[0]?[i] = decay * (x - rate * mean / (square.squareRoot() + epsilon))
      buffers.results[1]?[i] = mean
      buffers.results[2]?[i] = square
    }
  }
}
