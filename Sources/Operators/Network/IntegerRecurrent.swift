public import HoneIR

/// `LSTM`, `GRU` or `RNN` of float32 whose constant weights are bytes, W `[directions, inputs, gates·hidden]` and R
/// `[directions, hidden, gates·hidden]`.
///
/// Operands are those of the operator, filled up to eight, then scales and zero points of W and of R: one for each
/// direction, or one for each of its columns. Inputs and states become pairs of bytes where they meet the weights, which
/// loses hardly anything; gates, biases and sums stay float32. Made by lowering and never exported.
public struct IntegerRecurrent: ExecutableOp, AnyRecurrentOp {
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
    try call.expectOperands(12...12)
    var inner = call
    inner.operands = Array(call.operands.prefix(cell == .lstm ? 8 : 6))
    for i in 1...2 {
      guard let shape = try call.shape(i), shape.count == 3 else {
        throw GraphError(.type, "operand \(i) must have 3 axes: \(try call.tensor(i))")
      }
      inner.operands[i] = Operand(.tensor(.float32, [shape[0], shape[2], shape[1]]))
    }
    return try inference.infer(inner)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
    return try inference.kernel(call, .int8(exactInputs: true))
  }
}
