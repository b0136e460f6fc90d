import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// Small networks learn toy sets by heart.
struct LearningTests {
  private func weight(_ shape: [Int], _ seed: Int, _ scale: Float) -> Tensor {
    Tensor(noise(shape.reduce(1, *), seed).map { $0 * scale }, shape: shape)
  }

  private func losses(
    _ model: Graph, _ data: [Tensor], _ optimizer: any Optimizer, rate: Float, steps: Int, threads: Int = 2
  ) throws -> [Float] {
    var options = TrainingOptions()
    options.optimizer = optimizer
    let training = try TrainingGraph(
      model, inputs: [data[0].type], targets: [data[1].type], options: options)
    let program = Program(training.graph, threads: threads)
    #expect(try program.plan(for: training.graph.inputs.map { training.graph.type(of: $0) }).copyCount == 0)
    let session = Session(program)
    return try (0..<steps).map { _ in try session.run(data + [.scalar(rate)])[0].floats[0] }
  }

  @Test func perceptron() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(2)]))
    let hidden = try graph.apply(
      Relu(), graph.apply(Gemm(), x, graph.constant(weight([2, 16], 1, 1)), graph.constant(weight([16], 2, 0.5))))
    graph.outputs = [
      try graph.apply(
        Add(), graph.apply(MatMul(), hidden, graph.constant(weight([16, 2], 3, 0.5))),
        graph.constant(weight([2], 4, 0.1)))
    ]
    let x4 = Tensor([0, 0, 0, 1, 1, 0, 1, 1] as [Float], shape: [4, 2])
    let found = try losses(
      graph, [x4, .integers([0, 1, 1, 0])], AdamWOptimizer(weightDecay: 0), rate: 0.05, steps: 200)
    #expect(found[0] > 0.4 && found[199] < 0.01, "\(found[0]) … \(found[199])")
  }

  @Test func convolutions() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(1), .fixed(6), .fixed(6)]))
    var conv = Conv()
    conv.pads = [1, 1, 1, 1]
    let first = try graph.apply(conv, x, graph.constant(weight([8, 1, 3, 3], 1, 0.4), "conv.weight"))
    let vectors: [[Float]] = [1, 0, 0, 1].map { [Float](repeating: $0, count: 8) }
    let norm = try graph.apply(
      BatchNormalization(), [first] + vectors.map { graph.constant(Tensor($0, shape: [8])) }, resultCount: 1)[0]
    let pooled = try graph.apply(GlobalAveragePool(), graph.apply(Relu(), norm))
    graph.outputs = [
      try graph.apply(
        Gemm(), graph.apply(Flatten(), pooled), graph.constant(weight([8, 3], 2, 0.5)),
        graph.constant(weight([3], 5, 0.1)))
    ]
    let data = [Tensor(noise(6 * 36, 9), shape: [6, 1, 6, 6]), Tensor.integers([0, 1, 2, 0, 1, 2])]
    let found = try losses(graph, data, SGDOptimizer(momentum: 0.9), rate: 0.1, steps: 150)
    #expect(found[0] > 0.5 && found[149] < 0.02, "\(found[0]) … \(found[149])")
  }
}
