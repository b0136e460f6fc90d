import Foundation
import HoneDatasets
import HoneIR
import HoneOperators
import HoneTraining
import Testing

struct WeightsTests {
  /// Images of one channel whose class is whether the left half is brighter.
  private static func images(_ count: Int) -> Dataset {
    var random = CounterGenerator(seed: 3)
    let samples = (0..<count).map { i in
      let values = (0..<64).map { place in random.within(0.5) + ((place % 8 < 4) == (i % 2 == 0) ? 1 : 0) }
      return Sample([NamedTensor("x", Tensor(values, shape: [1, 8, 8]))], label: .classIndex(i % 2))
    }
    return Dataset(samples, classes: ["left", "right"])
  }

  private static func model() throws -> Graph {
    var graph = Graph()
    var random = CounterGenerator(seed: 9)
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(1), .fixed(8), .fixed(8)]))
    let kernel = graph.constant(Tensor((0..<36).map { _ in random.within(0.5) }, shape: [4, 1, 3, 3]), "kernel")
    let second = graph.constant(Tensor((0..<144).map { _ in random.within(0.3) }, shape: [4, 4, 3, 3]), "second")
    let last = graph.constant(Tensor((0..<8).map { _ in random.within(0.5) }, shape: [4, 2]), "last")
    let features = try graph.apply(Relu(), graph.apply(Conv(), x, kernel))
    let means = try graph.apply(GlobalAveragePool(), graph.apply(Conv(), features, second))
    graph.outputs = [try graph.apply(MatMul(), graph.apply(Flatten(), means), last)]
    return graph
  }

  @Test func `the weights of a checkpoint are those of the model, by name and in its order`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-weights-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var setup = TrainingSetup()
    (setup.batch, setup.run.epochs, setup.run.keepsBest) = (8, 1, false)
    let trainer = try setup.trainer(Self.model(), on: Self.images(32))
    trainer.checkpoints = try CheckpointFolder(folder)
    let trained = try trainer.run().model.weights.tensors
    var loaded = try Self.model()
    #expect(try loaded.load(Safetensors(contentsOf: trainer.checkpoints!.last)) == ["kernel", "last", "second"])
    for (name, tensor) in loaded.weights.tensors {
      #expect(tensor.isIdentical(to: trained[name]!), "\(name)")
      #expect(try !tensor.isIdentical(to: Self.model().weights.tensors[name]!), "\(name) was trained")
    }
  }

  @Test func `weights of another type or of other names are refused, and nothing is changed`() throws {
    var graph = try Self.model()
    let before = graph.weights.tensors
    let wrong = Safetensors(["kernel": .zeros(TensorType(.float32, [4, 1, 3, 3])), "last": .scalar(Float(0))])
    let error = #expect(throws: GraphError.self) { try graph.load(wrong) }
    #expect(error?.message.contains("‘last’") == true)
    #expect(throws: GraphError.self) { try graph.load(Safetensors(["fc.weight": .scalar(Float(0))])) }
    for (name, tensor) in graph.weights.tensors { #expect(tensor.isIdentical(to: before[name]!)) }
  }
}
