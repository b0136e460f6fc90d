public import HoneIR

/// Which recurrent operator it is.
public enum RecurrentCellKind: String, Sendable, Hashable, Codable {
  case lstm, gru, rnn

  /// The cell of `op`; nil if it is not recurrent.
  init?(_ op: any Op) {
    switch op {
    case is LSTM: self = .lstm
    case is GRU: self = .gru
    case is RNN: self = .rnn
    default: return nil
    }
  }
}

/// The attributes of `LSTM`, `GRU` and `RNN` together, for operators that serve all three.
public protocol AnyRecurrentOp: Op {
  var cell: RecurrentCellKind { get set }
  var activation_alpha: [Float] { get set }
  var activation_beta: [Float] { get set }
  var activations: [String] { get set }
  var clip: Float? { get set }
  var direction: RecurrentDirection { get set }
  var hidden_size: Int? { get set }
  var input_forget: Bool { get set }
  var layout: Int { get set }
  var linear_before_reset: Bool { get set }
}

extension AnyRecurrentOp {
  /// The form of `op`; nil if it is not recurrent.
  public init?(_ op: any Op) {
    guard let kind = RecurrentCellKind(op), let op = op as? any RecurrentOp else { return nil }
    self.init(kind, like: op)
  }

  init(_ cell: RecurrentCellKind, like op: any RecurrentOp) {
    self.init()
    self.cell = cell
    (activation_alpha, activation_beta, activations) = (op.activation_alpha, op.activation_beta, op.activations)
    (clip, direction, hidden_size, layout) = (op.clip, op.direction, op.hidden_size, op.layout)
    input_forget = (op as? LSTM)?.input_forget ?? false
    linear_before_reset = (op as? GRU)?.linear_before_reset ?? false
  }

  /// The operator of inference with these attributes.
  var inference: any RecurrentOp {
    switch cell {
    case .lstm:
      var op = LSTM()
      (op.activation_alpha, op.activation_beta, op.activations) = (activation_alpha, activation_beta, activations)
      (op.clip, op.direction, op.hidden_size, op.layout) = (clip, direction, hidden_size, layout)
      op.input_forget = input_forget
      return op
    case .gru:
      var op = GRU()
      (op.activation_alpha, op.activation_beta, op.activations) = (activation_alpha, activation_beta, activations)
      (op.clip, op.direction, op.hidden_size, op.layout) = (clip, direction, hidden_size, layout)
      op.linear_before_reset = linear_before_reset
      return op
    case .rnn:
      var op = RNN()
      (op.activation_alpha, op.activation_beta, op.activations) = (activation_alpha, activation_beta, activations)
      (op.clip, op.direction, op.hidden_size, op.layout) = (clip, direction, hidden_size, layout)
      return op
    }
  }

  /// States that `cell` has: h, and c of an LSTM.
  var stateCount: Int { cell == .lstm ? 2 : 1 }
}
