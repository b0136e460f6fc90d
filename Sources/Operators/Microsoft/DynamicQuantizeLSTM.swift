public import HoneIR

extension Microsoft {
  /// `LSTM` with 8-bit weights `[directions, inputs, 4·hidden]` and inputs and states that are quantized while running.
  ///
  /// After the operands of `LSTM` follow scales and zero points of W and of R, one or 4·hidden for each direction. Inputs
  /// become bytes step by step and row by row, states pairs of bytes; gates and states are float32. Weights that are not
  /// constant are computed with in float32.
  public struct DynamicQuantizeLSTM: MicrosoftOp, ExecutableOp, CompositeOp {
    public var activation_alpha: [Float] = []
    public var activation_beta: [Float] = []
    public var activations: [String] = []
    public var clip: Float?
    public var direction = RecurrentDirection.forward
    public var hidden_size: Int?
    public var input_forget = false
    public init() {}

    /// The form of `lstm` for such weights; nil if it is batch first.
    public init?(_ lstm: LSTM) {
      guard lstm.layout == 0 else { return nil }
      self.init()
      (activation_alpha, activation_beta, activations) = (lstm.activation_alpha, lstm.activation_beta, lstm.activations)
      (clip, direction, hidden_size, input_forget) = (lstm.clip, lstm.direction, lstm.hidden_size, lstm.input_forget)
    }

    private var lstm: LSTM {
      var lstm = LSTM()
      (lstm.activation_alpha, lstm.activation_beta, lstm.activations) = (activation_alpha, activation_beta, activations)
      (lstm.clip, lstm.direction, lstm.hidden_size, lstm.input_forget) = (clip, direction, hidden_size, input_forget)
      return lstm
    }

    public func kernel(_ call: Call) throws(GraphError) -> Kernel {
      try call.expectOperands(12...12)
      guard try call.element(0) == .float32 else { throw .unsupported(try call.element(0)) }
      return try lstm.kernel(call, .int8(exactInputs: false))
    }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(12...12)
      let w = try weights(try operands.required(1), operands[8], operands[9], in: &g)
      let r = try weights(try operands.required(2), operands[10], operands[11], in: &g)
      return try g.apply(lstm, [operands[0], w, r] + operands[3..<8], resultCount: call.resultCount)
    }

    private func weights(_ x: Value, _ scale: Value?, _ zero: Value?, in g: inout Graph) throws(GraphError) -> Value {
      let scale = try spread(scale, in: &g)
      let zero = try g.cast(try spread(zero, in: &g), to: .float32)
      let centred = try g.apply(Sub(), try g.cast(x, to: .float32), zero)
      return try g.transpose(try g.apply(Mul(), centred, scale), [0, 2, 1])
    }

    /// `[directions]` or `[directions, 4·hidden]` so that it broadcasts to the weights.
    private func spread(_ x: Value?, in g: inout Graph) throws(GraphError) -> Value {
      guard let x, let rank = g.tensorType(of: x).rank else {
        throw GraphError(.arity, "scales or zero points are missing")
      }
      return rank == 1 ? try g.unsqueeze(x, 1, 2) : try g.unsqueeze(x, 1)
    }
  }
}
