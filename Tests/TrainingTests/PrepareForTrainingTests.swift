import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct PrepareForTrainingTests {
  private func training(_ model: Graph, _ change: (inout TrainingOptions) -> Void = { _ in }) throws -> TrainingGraph {
    var options = TrainingOptions()
    (options.loss, options.optimizer, options.reportsOutputs) = (SumLoss(), SGDOptimizer(), true)
    change(&options)
    let types = model.inputs.map { model.tensorType(of: $0) }
    return try TrainingGraph(model, inputs: types, targets: [], options: options)
  }
  private let rate = Tensor.scalar(Float(0.01))

  /// Of constants with one element, the bias of a layer with one output is a weight; a factor is none.
  @Test func aBiasOfOneElementIsTrained() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [2, 4, 3]))
    let w = graph.constant(Tensor(noise(3, 1), shape: [3, 1]), "w")
    let (bias, factor) = (
      graph.constant(Tensor([0.5] as [Float], shape: [1]), "b"), graph.constant(.scalar(Float(3)), "c")
    )
    let halved = try graph.apply(Div(), x, factor)
    let product = try graph.apply(MatMul(), halved, w)
    graph.outputs = [try graph.apply(Mul(), graph.apply(Add(), bias, product), factor)]
    let training = try training(graph)
    #expect(training.weightNames.sorted() == ["b", "w"])
    let state = StateStore()
    _ = try Session(training.graph, state: state).run([Tensor(noise(24, 2), shape: [2, 4, 3]), rate])
    #expect(abs(state["b"]!.floats[0] - (0.5 - 0.01 * 3 * 8)) < 1e-5)
  }

  private func normalized() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [4, 2, 3]))
    let vectors: [(String, [Float])] = [
      ("scale", [1, 2]), ("bias", [0, 1]), ("mean", [0.5, -0.5]), ("variance", [1, 2]),
    ]
    let operands = vectors.map { graph.constant(Tensor($0.1, shape: [2]), $0.0) }
    graph.outputs = [try graph.apply(BatchNormalization(), [x] + operands, resultCount: 1)[0]]
    return graph
  }

  @Test func runningStatisticsAreThoseOfPyTorch() throws {
    let training = try training(normalized())
    #expect(training.weightNames == ["scale", "bias"])
    let state = StateStore()
    let x = noise(24, 1)
    _ = try Session(training.graph, state: state).run([Tensor(x, shape: [4, 2, 3]), rate])
    for c in 0..<2 {
      let values = (0..<24).filter { $0 / 3 % 2 == c }.map { Double(x[$0]) }
      let mean = values.reduce(0, +) / 12
      let unbiased = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 11
      #expect(abs(state["mean"]!.double(at: c) - (0.9 * [0.5, -0.5][c] + 0.1 * mean)) < 1e-6)
      #expect(abs(state["variance"]!.double(at: c) - (0.9 * [1, 2][c] + 0.1 * unbiased)) < 1e-6)
    }
    let model = try training.model(state)
    let norm = try #require(model.sorted().first)
    #expect(model.constant(norm.operands[4])?.floats == state["variance"]?.floats)
    #expect((norm.op as? BatchNormalization)?.training_mode == false)
  }

  @Test func frozenNormalizationStaysAsItIs() throws {
    let model = try normalized()
    #expect(throws: GraphError.self) {
      try training(model) { $0.rules = [ParameterRule(.init(operation: "BatchNormalization"), isFrozen: true)] }
    }
    let fixed = try training(model) { $0.trainsNormalization = false }
    let state = StateStore()
    let x = Tensor(noise(24, 1), shape: [4, 2, 3])
    let output = try Session(fixed.graph, state: state).run([x, rate])[1]
    let wanted = try Session(model).run([x])[0]
    #expect(zip(output.floats, wanted.floats).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect((state["mean"]?.floats ?? [0.5, -0.5]) == [0.5, -0.5])
  }

  private func dropping(_ ratio: Float) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [10_000]))
    let w = graph.constant(Tensor([Float](repeating: 1, count: 10_000), shape: [10_000]), "w")
    let product = try graph.apply(Mul(), x, w)
    graph.outputs = [try graph.apply(Dropout(), product, graph.constant(.scalar(ratio)))]
    return graph
  }

  @Test func dropoutRepeatsItselfForASeed() throws {
    let ones = Tensor([Float](repeating: 1, count: 10_000), shape: [10_000])
    func run(_ threads: Int, _ seed: Int) throws -> [[Float]] {
      let training = try training(dropping(0.25)) { $0.seed = seed }
      let state = StateStore()
      let session = Session(training.graph, threads: threads, state: state)
      return try (0..<2).flatMap { _ in
        let before = state["w"]?.floats ?? ones.floats
        let output = try session.run([ones, rate])[1].floats
        return [output, zip(before, state["w"]!.floats).map { $0 - $1 }]
      }
    }
    let found = try run(1, 7)
    #expect(try run(2, 7) == found)
    #expect(try run(2, 8)[0] != found[0])
    let dropped = found[0].count { $0 == 0 }
    #expect(abs(dropped - 2500) < 150)
    #expect(found[0].allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-5 })
    #expect(
      zip(found[0], found[1]).allSatisfy { abs($0 * 0.01 - $1) < 1e-6 }, "the gradient drops what the output drops")
    #expect(zip(found[0], found[2]).contains { ($0 == 0) != ($1 == 0) }, "the next run drops others")
  }

  @Test func branchesAreLeftOutBySample() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [64, 3]))
    let w = graph.constant(Tensor([1, 1, 1] as [Float], shape: [3]), "w")
    graph.outputs = [try graph.apply(Add(), x, graph.apply(Mul(), x, w))]
    let training = try training(graph) { $0.stochasticDepth = 0.5 }
    let ones = Tensor([Float](repeating: 1, count: 192), shape: [64, 3])
    let output = try Session(training.graph).run([ones, rate])[1].floats
    let samples = (0..<64).map { Array(output[$0 * 3..<$0 * 3 + 3]) }
    #expect(samples.allSatisfy { $0 == [1, 1, 1] || $0 == [3, 3, 3] })
    let left = samples.count { $0[0] == 1 }
    #expect(left > 16 && left < 48)
  }
}
