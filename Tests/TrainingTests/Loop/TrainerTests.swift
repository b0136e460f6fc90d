import Foundation
import HoneDatasets
import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct TrainerTests {
  /// Points in the plane; the class is the side of a line.
  static func points(_ count: Int, seed: UInt64) -> Dataset {
    var random = CounterGenerator(seed: seed)
    let samples = (0..<count).map { _ in
      let (x, y) = (random.within(1), random.within(1))
      return Sample(
        [NamedTensor("x", Tensor([x, y], shape: [2]))], label: .classIndex(2 * x - y > 0.1 ? 1 : 0))
    }
    return Dataset(samples, classes: ["left", "right"])
  }

  static func model() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(2)]))
    var random = CounterGenerator(seed: 9)
    let first = graph.constant(Tensor((0..<16).map { _ in random.within(0.7) }, shape: [2, 8]), "first")
    let second = graph.constant(Tensor((0..<16).map { _ in random.within(0.4) }, shape: [8, 2]), "second")
    let hidden = try graph.apply(Relu(), graph.apply(MatMul(), x, first, named: "hidden"))
    graph.outputs = [try graph.apply(MatMul(), hidden, second, named: "scores")]
    graph.rename(graph.outputs[0], to: "y")
    return graph
  }

  static func setup(epochs: Int = 3) -> TrainingSetup {
    var setup = TrainingSetup()
    (setup.batch, setup.run.epochs, setup.run.seed) = (16, epochs, 5)
    setup.learningRate = LearningRate(0.02)
    return setup
  }

  static func weights(_ graph: Graph) -> [Tensor] {
    graph.sorted().flatMap { $0.operands.compactMap { graph.constant($0) } }
  }

  @Test func `a model learns, and the best weights are kept`() throws {
    let result = try Self.model().train(
      on: Self.points(400, seed: 1), validation: Self.points(200, seed: 2), rate: LearningRate(0.02), epochs: 8,
      batch: 16)
    #expect(result.ending == .completed)
    #expect(result.progress.stopping.best?.score ?? 0 > 0.95)
    let again = try Validation(Self.points(200, seed: 2), batch: 16, loss: CrossEntropy()).scores(of: result.model)
    #expect(again.classification?.accuracy == result.progress.stopping.best?.score)
    #expect(result.progress.history.count == 8)
  }

  @Test(arguments: [false, true])
  func `a model that names the class learns by its scores, and goes on naming it`(isSoftened: Bool) throws {
    var model = try Self.model()
    let scores = isSoftened ? try model.apply(Softmax(), model.outputs[0], named: "softened") : model.outputs[0]
    var choice = ArgMax()
    (choice.axis, choice.keepdims) = (1, false)
    model.outputs = [try model.apply(choice, scores, named: "choice")]
    let held = Self.points(200, seed: 2)
    let result = try model.train(
      on: Self.points(400, seed: 1), validation: held, rate: LearningRate(0.02), epochs: 8, batch: 16)
    #expect(result.progress.stopping.best?.score ?? 0 > 0.95)
    #expect(result.model.outputs.map { result.model.tensorType(of: $0).element } == [.int64])
  }

  @Test(arguments: [1, 24, 25, 26, 60])
  func `training that goes on from a checkpoint ends with the same bits`(step: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-trainer-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (data, held) = (Self.points(400, seed: 1), Self.points(50, seed: 2))
    var setup = Self.setup()
    setup.learningRate = LearningRate(
      0.02, ScheduleChoice(WarmUpSchedule(10, then: ScheduleChoice(CosineSchedule(period: 50)))))
    let whole = try setup.trainer(Self.model(), on: data, validation: held).run()

    let first = try setup.trainer(Self.model(), on: data, validation: held)
    first.checkpoints = try CheckpointFolder(folder)
    first.isInterrupted = { [unowned first] in first.progress.step == step }
    #expect(try first.run().ending == .interrupted)

    let second = try setup.trainer(Self.model(), on: data, validation: held)
    second.checkpoints = try CheckpointFolder(folder)
    try second.resume(from: Checkpoint(contentsOf: second.checkpoints!.last))
    #expect(second.progress.step == step)
    let result = try second.run()
    #expect(result.step == whole.step)
    for (a, b) in zip(Self.weights(result.model), Self.weights(whole.model)) { #expect(a.isIdentical(to: b)) }
    #expect(result.progress.stopping == whole.progress.stopping)
    #expect(result.progress.history.map(\.loss) == whole.progress.history.map(\.loss))
  }

  @Test func `it stops when the score gets no better`() throws {
    var setup = Self.setup(epochs: 50)
    setup.learningRate = LearningRate(0)
    setup.run.patience = 3
    let result = try setup.trainer(Self.model(), on: Self.points(64, seed: 1), validation: Self.points(32, seed: 2))
      .run()
    #expect(result.ending == .stoppedEarly)
    #expect(result.progress.step == 4 * 4)
    #expect(result.step == 4)
  }

  @Test func `a loss that is no number names the step and the node, and keeps the checkpoint`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-trainer-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(2)]))
    let w = graph.constant(Tensor([Float](arrayLiteral: 1, 0, 0, 1), shape: [2, 2]), "w")
    let product = try graph.apply(MatMul(), x, w, named: "product")
    graph.outputs = [try graph.apply(Log(), product, named: "logarithm")]
    var samples = (0..<8).map { _ in
      Sample([NamedTensor("x", Tensor([Float](arrayLiteral: 1, 2), shape: [2]))], label: .classIndex(0))
    }
    samples.append(Sample([NamedTensor("x", Tensor([Float](arrayLiteral: -1, 2), shape: [2]))], label: .classIndex(0)))
    var setup = Self.setup()
    (setup.batch, setup.run.checkpointInterval) = (1, 1)
    setup.learningRate = LearningRate(0)
    let trainer = try setup.trainer(graph, on: Dataset(samples, classes: ["a", "b"]))
    trainer.checkpoints = try CheckpointFolder(folder)
    let error = #expect(throws: GraphError.self) { try trainer.run() }
    let text = error?.description ?? ""
    #expect(text.contains("NaN in step \(trainer.progress.step + 1)"), "\(text)")
    #expect(text.contains("Log ‘logarithm’"), "\(text)")
    if trainer.progress.step > 0 {
      #expect(try Checkpoint(contentsOf: trainer.checkpoints!.last).progress.step == trainer.progress.step)
    }
  }

  @Test func `a checkpoint of another training is refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-trainer-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let trainer = try Self.setup(epochs: 1).trainer(Self.model(), on: Self.points(64, seed: 1))
    (trainer.checkpoints, trainer.recipe) = (try CheckpointFolder(folder), #"{"batch":16}"#)
    _ = try trainer.run()
    let checkpoint = try Checkpoint(contentsOf: trainer.checkpoints!.last)
    let other = try Self.setup(epochs: 1).trainer(Self.model(), on: Self.points(64, seed: 1))
    other.recipe = #"{"batch":32}"#
    let recipe = #expect(throws: GraphError.self) { try other.resume(from: checkpoint) }
    #expect(recipe?.message.contains("batch was 16, now is 32") == true)
    other.recipe = trainer.recipe
    var missing = checkpoint
    missing.states["first"] = nil
    let name = #expect(throws: GraphError.self) { try other.resume(from: missing) }
    #expect(name?.message.contains("‘first’ is missing") == true)
    missing.states["first"] = .scalar(Float(0))
    #expect(throws: GraphError.self) { try other.resume(from: missing) }
  }

  @Test func `a schedule that waits for plateaus lowers the rate, also after going on`() throws {
    var setup = Self.setup(epochs: 6)
    setup.learningRate = LearningRate(0, PlateauSchedule(decay: 0.5, patience: 0))
    setup.learningRate.base = 1e-30
    let trainer = try setup.trainer(Self.model(), on: Self.points(64, seed: 1), validation: Self.points(32, seed: 2))
    let result = try trainer.run()
    let rates = result.progress.history.compactMap(\.rate)
    #expect(rates.count == 6)
    #expect(rates.last! < rates[0])
    #expect(result.progress.learningRate.value(24) < rates[0])
  }
}
