import HoneIR
import HoneOperators
import Testing

/// Recurrent operators with bfloat16 weights against those of float64 with weights and inputs rounded as they are.
@Suite struct NarrowRecurrentTests {
  private static func lstm(_ change: (inout LSTM, inout RecurrentExample) -> Void = { _, _ in }) -> RecurrentExample {
    var op = LSTM()
    var example = RecurrentExample(op: op, gates: 4)
    change(&op, &example)
    example.op = op
    return example
  }
  private static func gru(_ change: (inout GRU, inout RecurrentExample) -> Void = { _, _ in }) -> RecurrentExample {
    var op = GRU()
    var example = RecurrentExample(op: op, gates: 3)
    change(&op, &example)
    example.op = op
    return example
  }
  private static func rnn(_ change: (inout RNN, inout RecurrentExample) -> Void = { _, _ in }) -> RecurrentExample {
    var op = RNN()
    var example = RecurrentExample(op: op, gates: 1)
    change(&op, &example)
    example.op = op
    return example
  }

  static let examples: [RecurrentExample] = [
    lstm(),
    lstm { _, item in
      item.hidden = 1; item.inputs = 1
    },
    lstm { _, item in
      item.batch = 5; item.hasStates = true
    },
    lstm { op, item in
      op.direction = .bidirectional; item.batch = 3; item.hasStates = true; item.hasPeepholes = true
    },
    lstm { op, item in
      op.direction = .reverse; item.batch = 4; item.hasLengths = true
    },
    lstm { op, item in
      op.layout = 1; op.direction = .bidirectional; item.batch = 2; item.hasStates = true
    },
    lstm { op, item in
      op.clip = 0.4; op.input_forget = true; item.hidden = 33
    },
    lstm { op, _ in op.activations = ["HardSigmoid", "Softsign", "Tanh"] },
    // More steps than are projected at once, the last ones fewer.
    lstm { _, item in
      item.steps = 400; item.hidden = 7
    },
    lstm { _, item in
      item.steps = 90; item.batch = 3; item.inputs = 200
    },
    gru(),
    gru { op, item in
      op.linear_before_reset = true; item.batch = 3; item.hasStates = true
    },
    gru { op, item in
      op.direction = .bidirectional; item.batch = 2; item.hasLengths = true; item.hidden = 17
    },
    gru { op, item in
      op.linear_before_reset = true; op.layout = 1; op.direction = .reverse; item.batch = 6
    },
    gru { op, item in
      op.activations = ["Sigmoid", "Softsign"]; item.hasStates = true
    },
    rnn(),
    rnn { op, item in
      op.direction = .bidirectional; op.activations = ["Relu", "Tanh"]; item.batch = 3; item.hasStates = true
    },
  ]

  /// The nearest bfloat16 of every element.
  private func rounded(_ tensor: Tensor) -> Tensor {
    Tensor(tensor.floats.map { BFloat16($0).float }, shape: tensor.sizes)
  }

  @Test(arguments: examples) func `only weights and inputs are rounded`(example: RecurrentExample) throws {
    let op = try #require(NarrowRecurrent(example.op))
    let results = try RecurrentExample.run(
      op, example.operands(), constants: [1, 2], resultCount: example.resultCount)
    #expect(results.allSatisfy { $0.element == .float32 })
    let expected = try example.reference { $0 < 3 ? rounded($1) : $1 }
    #expect(RecurrentExample.distance(results, expected) < 1e-5)
  }

  @Test(arguments: examples) func `results are close to those of float32`(example: RecurrentExample) throws {
    let op = try #require(NarrowRecurrent(example.op))
    let results = try RecurrentExample.run(
      op, example.operands(), constants: [1, 2], resultCount: example.resultCount)
    #expect(RecurrentExample.distance(results, try example.reference()) < 0.03)
  }

  @Test func `weights that are not constant are refused`() throws {
    let example = Self.lstm()
    let op = try #require(NarrowRecurrent(example.op))
    #expect(throws: GraphError.self) {
      try RecurrentExample.run(op, example.operands(), resultCount: example.resultCount)
    }
    #expect(NarrowRecurrent(Relu()) == nil)
  }
}
