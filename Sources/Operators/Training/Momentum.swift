public import HoneIR

/// One step of gradient descent with momentum: V' = α·V + β·G (β = 1 when T = 0), X' = X − R·V', or by Nesterov's rule
/// X' = X − R·(G + α·V').
public struct Momentum: ExecutableOp, RequiringOp {
  public enum Mode: String, Sendable, Hashable, Codable { case standard, nesterov }
  public var alpha: Float = 0
  public var beta: Float = 0
  public var mode = Mode.standard
  public var norm_coefficient: Float = 0
  public init() {}
  public static var domain: String { "ai.onnx.preview.training" }
  public static var required: [String] { ["alpha", "beta", "mode", "norm_coefficient"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try UpdateKernel.resultTypes(call, groupCount: 3, firstState: 2)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try UpdateKernel(call, groupCount: 3).kernel(firstState: 2, single: step, double: step)
  }

  private func step<T: BinaryFloatingPoint>(
    _ rate: T, _ count: Int, _ buffers: UpdateKernel.Buffers<T>, _ range: Range<Int>
  ) {
    let (alpha, beta, norm) = (T(alpha), count > 0 ? T(beta) : 1, T(norm_coefficient))
    for i in range {
      let x = buffers.operands[0][i]
      let gradient = norm * x + buffers.operands[1][i]
      let momentum = alpha * buffers.operands[2][i] + beta * gradient
      buffers.results[0]?[i] = x - rate * (mode == .nesterov ? gradient + alpha * momentum : momentum)
      buffers.results[1]?[i] = momentum
    }
  }
}
