import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// The sum of the first output: the gradient of x·w with respect to w is x.
struct SumLoss: Loss {
  static let name = "sum"
  func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    let rank = graph.tensorType(of: terms.outputs[0]).rank!
    var sum = ReduceSum()
    sum.keepdims = false
    return try graph.apply(sum, terms.outputs[0], graph.constant(.integers(Array(0..<rank))))
  }
}

/// Numbers that look random and are the same every time.
func noise(_ count: Int, _ seed: Int) -> [Float] {
  var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 33)) / Float(1 << 30) - 1
  }
}

/// Ten steps of an optimizer on two weights, the second with half the rate, beside the same rule in double precision.
struct OptimizerRun {
  static let counts = [37, 20_000]
  static let stepCount = 10

  /// What a rule does to one weight: weights, gradients, moments (zeros at first), rate, step from 1.
  typealias Rule = (inout [Double], [Double], inout [[Double]], Double, Int) -> Void

  static func model() throws -> Graph {
    var graph = Graph()
    for (i, count) in counts.enumerated() {
      let x = graph.input("x\(i)", TensorType(.float32, [count]))
      let w = graph.constant(Tensor(noise(count, 100 + i), shape: [count]), "w\(i)")
      graph.outputs.append(try graph.apply(Mul(), x, w))
    }
    return graph
  }

  /// The loss is the sum of both outputs.
  struct BothSums: Loss {
    static let name = "both"
    func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
      let a = try SumLoss().append(LossTerms(outputs: [terms.outputs[0]], targets: []), to: &graph)
      let b = try SumLoss().append(LossTerms(outputs: [terms.outputs[1]], targets: []), to: &graph)
      return try graph.apply(Add(), a, b)
    }
  }

  static func check(_ optimizer: any Optimizer, rate: Float = 0.01, tolerance: Double = 2e-6, _ rule: Rule) throws {
    var options = TrainingOptions()
    options.loss = BothSums()
    options.optimizer = optimizer
    options.rules = [ParameterRule(.init(name: "w1"), rate: 0.5)]
    let types = counts.map { TensorType(.float32, [$0]) }
    let training = try TrainingGraph(model(), inputs: types, targets: [], options: options)
    let program = Program(training.graph, threads: 2)
    #expect(try program.plan(for: training.graph.inputs.map { training.graph.type(of: $0) }).copyCount == 0)
    let state = StateStore()
    let session = Session(program, state: state)
    var weights = counts.enumerated().map { i, count in noise(count, 100 + i).map(Double.init) }
    var moments = weights.map { weight in
      optimizer.momentNames.map { _ in [Double](repeating: Double(optimizer.initialMoment), count: weight.count) }
    }
    for step in 1...stepCount {
      let gradients = counts.enumerated().map { i, count in noise(count, 10 * step + i) }
      let inputs = zip(gradients, counts).map { Tensor($0, shape: [$1]) } + [.scalar(rate)]
      _ = try session.run(inputs)
      for i in counts.indices {
        rule(
          &weights[i], gradients[i].map(Double.init), &moments[i], Double(rate.description)! * (i == 0 ? 1 : 0.5), step)
      }
    }
    for i in counts.indices {
      let found = try #require(state["w\(i)"]).floats
      let error = zip(found, weights[i]).map { abs(Double($0) - $1) }.max()!
      #expect(error < tolerance, "w\(i) is off by \(error)")
      let start = noise(counts[i], 100 + i)
      #expect(zip(found, start).contains { abs($0 - $1) > 1e-4 })
    }
  }
}

extension Array where Element == Double {
  var norm: Double { reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
