public import HoneIR
import HoneKernels

/// Backpropagation through time (Werbos 1990) through `RecurrentTraining`.
///
/// Operands: the eight of the operator; its result Y; what it kept; the cotangents of its results, absent ones are zero.
/// Results: the cotangents of X, W, R, B, the initial h and c, and P.
public struct RecurrentGradient: ExecutableOp, AnyRecurrentOp {
  public var cell = RecurrentCellKind.lstm
  public var activation_alpha: [Float] = []
  public var activation_beta: [Float] = []
  public var activations: [String] = []
  public var clip: Float?
  public var direction = RecurrentDirection.forward
  public var hidden_size: Int?
  public var input_forget = false
  public var layout = 0
  public var linear_before_reset = false
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(13...13)
    let sizes = try inference.sizes(call)
    let element = try call.element(0)
    let state =
      layout == 0
      ? [sizes.directions, sizes.batch, sizes.hidden] : [sizes.batch, sizes.directions, sizes.hidden]
    let shapes = [
      try call.sizes(0), try call.sizes(1), try call.sizes(2), [sizes.directions, 2 * sizes.width], state, state,
      [sizes.directions, 3 * sizes.hidden],
    ]
    return shapes.map { .tensor(TensorType(element, $0)) }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let plan = try RecurrentTrainingPlan(self, call)
    try plan.checkDerivatives()
    let wantsInput = call.isUsed(0)
    switch try call.element(0) {
    case .float32: return plan.backward(Float.self, call, wantsInput: wantsInput)
    case .float64: return plan.backward(Double.self, call, wantsInput: wantsInput)
    case let other: throw .unsupported(other)
    }
  }
}
