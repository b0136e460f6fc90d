import Foundation
import HoneDatasets
import HoneIR
import HoneOperators
import HoneTraining
import Testing

/// L-BFGS as an optimizer of training.
struct LBFGSOptimizerTests {
  /// Points of y = 2·x₀ − 3·x₁ + 0.5 and a little noise.
  private func line(_ count: Int) -> Dataset {
    let numbers = noise(3 * count, 4)
    let samples = (0..<count).map { i in
      let (x, y) = (numbers[3 * i], numbers[3 * i + 1])
      return Sample(
        [NamedTensor("x", Tensor([x, y], shape: [2]))], label: .values([2 * x - 3 * y + 0.5 + 0.1 * numbers[3 * i + 2]])
      )
    }
    return Dataset(samples)
  }

  private func linearModel() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(2)]))
    let w = graph.constant(Tensor([0.1, 0.2] as [Float], shape: [2, 1]), "w")
    let b = graph.constant(Tensor([0] as [Float], shape: [1]), "b")
    graph.outputs = [try graph.apply(Gemm(), x, w, b)]
    return graph
  }

  private func setup(decay: Float = 0, batch: Int = 16) -> TrainingSetup {
    var setup = TrainingSetup()
    setup.options.loss = MeanSquaredError()
    setup.options.optimizer = LBFGSOptimizer(weightDecay: decay)
    (setup.batch, setup.run.epochs, setup.run.keepsBest) = (batch, 100, false)
    return setup
  }

  /// The solution of the normal equations, whatever the size of the batches that the sum is made of.
  @Test(arguments: [(7, 0 as Float), (50, 0), (1000, 0), (7, 0.3)])
  func linesAreFoundExactly(batch: Int, decay: Float) throws {
    let data = line(50)
    let result = try setup(decay: decay, batch: batch).trainer(linearModel(), on: data).run()
    #expect(result.ending == .completed && result.progress.step < 30)
    var matrix = [[Double]](repeating: [0, 0, 0, 0], count: 3)
    for i in 0..<50 {
      let sample = try data.sample(at: i)
      let row = sample.inputs[0].tensor.doubles + [1]
      guard case .values(let target)? = sample.label else { continue }
      for a in 0..<3 {
        for b in 0..<3 { matrix[a][b] += 2 * row[a] * row[b] / 50 }
        matrix[a][3] += 2 * row[a] * Double(target[0]) / 50
      }
    }
    for a in 0..<3 { matrix[a][a] += Double(decay) }
    for a in 0..<3 {
      for b in 0..<3 where b != a {
        let factor = matrix[b][a] / matrix[a][a]
        for c in 0..<4 { matrix[b][c] -= factor * matrix[a][c] }
      }
    }
    let expected = (0..<3).map { matrix[$0][3] / matrix[$0][$0] }
    let found = result.model.sorted().flatMap { $0.operands.compactMap { result.model.constant($0) } }
      .flatMap(\.doubles)
    #expect(found.count == 3)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-4, "\(found) instead of \(expected)") }
  }

  @Test(arguments: [1, 4]) func trainingThatGoesOnEndsWithTheSameBits(step: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-lbfgs-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var setup = TrainerTests.setup(epochs: 12)
    setup.options.optimizer = LBFGSOptimizer(history: 3)
    let (data, held) = (TrainerTests.points(100, seed: 1), TrainerTests.points(50, seed: 2))
    let whole = try setup.trainer(TrainerTests.model(), on: data, validation: held).run()
    #expect(whole.progress.step > step && whole.progress.stopping.best!.score > 0.9)
    let first = try setup.trainer(TrainerTests.model(), on: data, validation: held)
    first.checkpoints = try CheckpointFolder(folder)
    first.isInterrupted = { [unowned first] in first.progress.step == step }
    #expect(try first.run().ending == .interrupted)
    var other = setup
    other.run.threads = 2
    let second = try other.trainer(TrainerTests.model(), on: data, validation: held)
    second.checkpoints = try CheckpointFolder(folder)
    try second.resume(from: Checkpoint(contentsOf: second.checkpoints!.last))
    let result = try second.run()
    #expect(result.progress.step == whole.progress.step && result.step == whole.step)
    for (a, b) in zip(TrainerTests.weights(result.model), TrainerTests.weights(whole.model)) {
      #expect(a.isIdentical(to: b))
    }
    #expect(throws: GraphError.self) {
      try TrainerTests.setup().trainer(TrainerTests.model(), on: data, validation: held)
        .resume(from: Checkpoint(contentsOf: second.checkpoints!.last))
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let changes: [(inout TrainingSetup) -> Void] = [
      { $0.augmentations = [.noise(.init(0.1))] }, { $0.options.accumulation = 2 },
      { $0.options.gradientNormLimit = 1 },
      { $0.options.averaging = 0.9 }, { $0.options.l2 = 0.1 }, { $0.options.sparseEmbeddings = true },
      { $0.options.rules = [ParameterRule(.init(name: "w"), rate: 2)] },
    ]
    for change in changes {
      var setup = setup()
      change(&setup)
      let error = #expect(throws: GraphError.self) { _ = try setup.trainer(linearModel(), on: line(20)) }
      #expect(error?.message.contains("lbfgs") == true)
    }
    var graph = try linearModel()
    graph.outputs = [try graph.apply(Dropout(), graph.outputs[0], named: "leak")]
    let error = #expect(throws: GraphError.self) { _ = try setup().trainer(graph, on: line(20)) }
    #expect(error?.message.contains("lbfgs") == true && error?.description.contains("chance") == true)
  }

  @Test func aLossThatIsNoNumberNamesTheNode() throws {
    var graph = try linearModel()
    graph.outputs = [try graph.apply(Log(), graph.outputs[0], named: "logarithm")]
    let error = #expect(throws: GraphError.self) { _ = try setup().trainer(graph, on: line(20)).run() }
    #expect(error?.description.contains("logarithm") == true && error?.description.contains("step 1") == true)
  }
}
