public import HoneIR

/// `LSTM`, `GRU` or `RNN` of float32 whose constant weights are rounded to bfloat16 as they are packed.
///
/// Operands and results are those of the operator. Inputs are rounded where they meet the weights; states, gates, biases
/// and sums stay float32. Made by lowering and never exported.
public struct NarrowRecurrent: ExecutableOp, AnyRecurrentOp {
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

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { try inference.infer(call) }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
    return try inference.kernel(call, .bfloat16)
  }
}
