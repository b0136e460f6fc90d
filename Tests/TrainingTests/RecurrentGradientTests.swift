import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// Gradients of LSTM, GRU and RNN against central differences of the operators of inference in fp64.
struct RecurrentGradientTests {
  struct Case: CustomStringConvertible, Sendable {
    var description: String
    var op: any Op
    var gates: Int
    var directions = 1
    var isBatchMajor = false
    /// Of B, sequence lengths, initial h, initial c, P.
    var optional: [Bool] = [true, false, true, true, false]
    /// Results whose cotangents are not nothing.
    var results = [0, 1, 2]
    var batch = 3
    var steps = 4
    var inputs = 2
    var hidden = 3

    var isLSTM: Bool { gates == 4 }
  }

  static func lstm(_ description: String, _ change: (inout LSTM, inout Case) -> Void = { _, _ in }) -> Case {
    var op = LSTM()
    var item = Case(description: "LSTM \(description)", op: op, gates: 4)
    change(&op, &item)
    item.op = op
    return item
  }
  static func gru(_ description: String, _ change: (inout GRU, inout Case) -> Void = { _, _ in }) -> Case {
    var op = GRU()
    var item = Case(
      description: "GRU \(description)", op: op, gates: 3, optional: [true, false, true, false, false], results: [0, 1])
    change(&op, &item)
    item.op = op
    return item
  }
  static func rnn(_ description: String, _ change: (inout RNN, inout Case) -> Void = { _, _ in }) -> Case {
    var op = RNN()
    var item = Case(
      description: "RNN \(description)", op: op, gates: 1, optional: [true, false, true, false, false], results: [0, 1])
    change(&op, &item)
    item.op = op
    return item
  }

  static let cases: [Case] = [
    lstm("forward"),
    lstm("without optional operands, Y alone") {
      $1.optional = [false, false, false, false, false]; $1.results = [0]
    },
    lstm("last states alone") { $1.results = [1, 2] },
    lstm("last cell alone, batch first") { op, item in
      (op.layout, item.isBatchMajor, item.results) = (1, true, [2])
    },
    lstm("in reverse, batch first") { op, item in
      (op.direction, op.layout, item.isBatchMajor) = (.reverse, 1, true)
    },
    lstm("both ways, peepholes") { op, item in
      (op.direction, item.directions, item.optional[4]) = (.bidirectional, 2, true)
    },
    lstm("both ways, batch first, lengths") { op, item in
      (op.direction, item.directions, op.layout, item.isBatchMajor) = (.bidirectional, 2, 1, true)
      item.optional[1] = true
    },
    lstm("coupled gates, peepholes, lengths") { op, item in
      op.input_forget = true
      (item.optional[4], item.optional[1]) = (true, true)
    },
    lstm("other functions") { op, _ in
      op.activations = ["HardSigmoid", "Softsign", "ScaledTanh"]
      (op.activation_alpha, op.activation_beta) = ([0.3, 1.5], [0.4, 0.8])
    },
    lstm("more functions") { op, _ in
      op.activations = ["Sigmoid", "Elu", "Softplus"]
    },
    lstm("blocks of rows, chunks of steps") { _, item in
      (item.batch, item.steps, item.hidden, item.optional[1]) = (14, 20, 2, true)
    },
    gru("forward"),
    gru("in reverse, lengths, batch first") { op, item in
      (op.direction, op.layout, item.isBatchMajor, item.optional[1]) = (.reverse, 1, true, true)
    },
    gru("both ways, no optional operands") { op, item in
      (op.direction, item.directions, item.optional) = (.bidirectional, 2, [false, false, false, false, false])
    },
    gru("linear before reset") { op, _ in op.linear_before_reset = true },
    gru("linear before reset, both ways, lengths") { op, item in
      (op.linear_before_reset, op.direction, item.directions, item.optional[1]) = (true, .bidirectional, 2, true)
    },
    gru("linear before reset, no bias, last state alone") { op, item in
      op.linear_before_reset = true
      (item.optional[0], item.results) = (false, [1])
    },
    gru("other functions") { op, _ in
      op.activations = ["HardSigmoid", "Affine"]
      (op.activation_alpha, op.activation_beta) = ([0.3, 0.7], [0.4, 0.1])
    },
    gru("blocks of rows, chunks of steps") { op, item in
      (item.batch, item.steps, item.hidden) = (14, 20, 2)
    },
    rnn("forward"),
    rnn("both ways, lengths, leaky") { op, item in
      (op.direction, item.directions, item.optional[1]) = (.bidirectional, 2, true)
      op.activations = ["LeakyRelu", "Relu"]
      op.activation_alpha = [0.2]
    },
    rnn("in reverse, batch first, no optional operands") { op, item in
      (op.direction, op.layout, item.isBatchMajor) = (.reverse, 1, true)
      (op.activations, item.optional) = (["Tanh"], [false, false, false, false, false])
    },
  ]

  @Test(arguments: cases)
  func `cotangents are what differences say`(item: Case) throws {
    let problem = RecurrentProblem(item)
    let (gradients, _) = try problem.gradients(.float64, threads: 1)
    let loss = Session(try problem.graph(.float64).graph)
    let step = 1e-5
    for (index, operand) in problem.differentiable.enumerated() {
      let gradient = gradients[index]
      let count = problem.operands[operand]!.count
      // Every element of small operands, some of large ones.
      for i in stride(from: 0, to: count, by: max(1, count / 24)) {
        func value(_ change: Double) throws -> Double {
          var operands = problem.operands
          operands[operand]![i] += change
          return try loss.run(problem.tensors(operands, .float64))[0].doubles[0]
        }
        let difference = (try value(step) - value(-step)) / (2 * step)
        #expect(
          abs(gradient[i] - difference) < 1e-6 * (1 + abs(difference)), "operand \(operand), element \(i)")
      }
    }
  }

  /// Sizes around vectors and tiles, where fp32 has kernels of its own.
  @Test(arguments: cases.map(\.description))
  func `fp32 agrees with fp64`(name: String) throws {
    var item = Self.cases.first { $0.description == name }!
    for (hidden, inputs, batch) in [(5, 2, 3), (16, 7, 13), (33, 18, 21)] {
      (item.hidden, item.inputs, item.batch, item.steps) = (hidden, inputs, batch, 9)
      let problem = RecurrentProblem(item)
      let (expected, outputs) = try problem.gradients(.float64, threads: 1)
      let (actual, values) = try problem.gradients(.float32, threads: 1)
      for (a, b) in zip(actual + values, expected + outputs) { #expect(relativeDistance(a, b) < 3e-5) }
    }
  }

  @Test func `bits are those of one thread`() throws {
    for name in ["LSTM both ways, batch first, lengths", "GRU linear before reset, both ways, lengths", "GRU forward"] {
      var item = Self.cases.first { $0.description == name }!
      (item.hidden, item.inputs, item.batch, item.steps) = (17, 5, 37, 7)
      let problem = RecurrentProblem(item)
      let one = try problem.gradients(.float32, threads: 1)
      for threads in 2...3 {
        let more = try problem.gradients(.float32, threads: threads)
        #expect(more.0 == one.0)
        #expect(more.1 == one.1)
      }
    }
  }

  /// Weights that are constants and weights that are not take different ways.
  @Test(arguments: cases)
  func `inference packs weights when it runs`(item: Case) throws {
    var item = item
    (item.hidden, item.inputs, item.batch, item.steps) = (19, 6, 9, 5)
    let problem = RecurrentProblem(item)
    let (graph, inputs, results) = try problem.graph(.float32)
    var bound = graph
    // A node with fewer results, whose neighbours in memory are others' values.
    let alone = try bound.apply(item.op, item.isLSTM ? inputs : Array(inputs.prefix(6)), resultCount: 1)[0]
    bound.outputs = results + [try bound.apply(Mul(), alone, alone)]
    let open = bound
    let tensors = problem.tensors(problem.operands, .float32)
    for (i, tensor) in zip(inputs.compactMap(\.self).indices, tensors) where i == 1 || i == 2 {
      bound.bind(inputs[i]!, to: tensor)
    }
    let expected = try Session(bound).run(tensors.indices.filter { $0 != 1 && $0 != 2 }.map { tensors[$0] })
    let actual = try Session(open, threads: 2).run(tensors)
    for (a, b) in zip(actual, expected) { #expect(relativeDistance(a.numbers, b.numbers) < 1e-5) }
  }

  @Test func `a clip has no gradient`() throws {
    var item = Self.cases[0]
    var op = LSTM()
    op.clip = 1
    item.op = op
    #expect { try RecurrentProblem(item).gradients(.float64, threads: 1) } throws: {
      ($0 as? GraphError)?.message.contains("clip") == true
    }
  }
}

/// Σ of all results times weights, as a function of all operands.
struct RecurrentProblem {
  let item: RecurrentGradientTests.Case
  var operands: [[Double]?]
  let shapes: [[Int]]
  let weights: [[Double]]
  let resultShapes: [[Int]]

  init(_ item: RecurrentGradientTests.Case) {
    self.item = item
    let (d, n, t, h) = (item.directions, item.batch, item.steps, item.hidden)
    let state = item.isBatchMajor ? [n, d, h] : [d, n, h]
    shapes = [
      item.isBatchMajor ? [n, t, item.inputs] : [t, n, item.inputs], [d, item.gates * h, item.inputs],
      [d, item.gates * h, h], [d, 2 * item.gates * h], [n], state, state, [d, 3 * h],
    ]
    resultShapes = [item.isBatchMajor ? [n, t, d, h] : [t, d, n, h], state, state]
    var random = SmallRandom(seed: UInt64(h * 31 + n))
    func values(_ shape: [Int]) -> [Double] {
      (0..<shape.reduce(1, *)).map { _ in Double(Float.random(in: -0.9...0.9, using: &random)) }
    }
    operands = shapes.enumerated().map { i, shape in i < 3 || item.optional[i - 3] ? values(shape) : nil }
    if operands[4] != nil { operands[4] = (0..<n).map { Double($0 == 0 ? t : ($0 * 5) % (t + 1)) } }
    weights = resultShapes.map(values)
  }

  /// Operands with gradients.
  var differentiable: [Int] { (0..<8).filter { $0 != 4 && operands[$0] != nil } }

  func tensors(_ operands: [[Double]?], _ element: ElementType) -> [Tensor] {
    operands.enumerated().compactMap { i, values in
      values.map { values in
        if i == 4 { return Tensor(values.map { Int32($0) }, shape: shapes[i]) }
        return element == .float64
          ? Tensor(values, shape: shapes[i]) : Tensor(values.map { Float($0) }, shape: shapes[i])
      }
    }
  }

  /// The loss as a graph with all operands as inputs, and the operator's results.
  func graph(_ element: ElementType) throws(GraphError) -> (graph: Graph, inputs: [Value?], results: [Value]) {
    var graph = Graph()
    let inputs = operands.enumerated().map { i, values in
      values.map { _ in graph.input("\(i)", TensorType(i == 4 ? .int32 : element, shapes[i])) }
    }
    let results = try graph.apply(
      item.op, item.isLSTM ? inputs : Array(inputs.prefix(6)), resultCount: item.isLSTM ? 3 : 2)
    var total = ReduceSum()
    total.keepdims = false
    var loss: Value?
    for i in item.results {
      let scaled = try graph.apply(Mul(), results[i], graph.constant(tensor(weights[i], resultShapes[i], element)))
      let scalar = try graph.apply(total, scaled, graph.constant(.integers([0, 1, 2] + (i == 0 ? [3] : []))))
      loss = try loss.map { (before: Value) throws(GraphError) in try graph.apply(Add(), before, scalar) } ?? scalar
    }
    graph.outputs = [loss!]
    return (graph, inputs, results)
  }

  private func tensor(_ values: [Double], _ shape: [Int], _ element: ElementType) -> Tensor {
    element == .float64 ? Tensor(values, shape: shape) : Tensor(values.map { Float($0) }, shape: shape)
  }

  /// The gradients of all differentiable operands, and the loss.
  func gradients(_ element: ElementType, threads: Int) throws -> ([[Double]], [[Double]]) {
    var (graph, inputs, _) = try graph(element)
    let loss = graph.outputs[0]
    let gradients = try graph.appendGradients(of: loss, for: differentiable.map { inputs[$0]! })
    graph.outputs = gradients.map { $0! } + [loss]
    let results = try Session(graph, threads: threads).run(tensors(operands, element)).map(\.numbers)
    return (Array(results.dropLast()), [results.last!])
  }
}

private struct SmallRandom: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

extension Tensor {
  fileprivate var doubles: [Double] { (0..<elementCount).map { double(at: $0) } }
  fileprivate var numbers: [Double] { doubles }
}

/// The largest difference, of the largest value.
private func relativeDistance(_ a: [Double], _ b: [Double]) -> Double {
  let scale = b.reduce(1e-3) { max($0, abs($1)) }
  return zip(a, b).reduce(0) { worst, pair in
    let d = abs(pair.0 - pair.1) / scale
    return d.isNaN ? .infinity : max(worst, d)
  }
}
