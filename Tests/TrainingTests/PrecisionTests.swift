import Foundation
import HoneDatasets
import HoneIR
import HoneModels
import HoneONNX
import HoneOperators
import HoneRuntime
import HoneTraining
import HoneTransforms
import Testing

/// Training whose products multiply bfloat16.
struct PrecisionTests {
  private struct Run {
    var losses: [Float]
    var states: [String: Tensor]
    var products: ProductPrecisions?
    var memory: Int
  }

  private func run(
    _ model: String, _ precision: Precision, steps: Int = 3, batch: Int = 8, rate: Float = 0.01, threads: Int = 2,
    recomputes: Bool = false
  ) throws -> Run {
    var options = TrainingOptions()
    (options.optimizer, options.precision) = (SGDOptimizer(momentum: 0.9), precision)
    options.recomputesActivations = recomputes
    let graph = try BuiltInModel.named(model).build()
    let sizes = [batch] + graph.tensorType(of: graph.inputs[0]).shape!.dropFirst().map { $0.size! }
    let type = TensorType(.float32, sizes)
    let training = try TrainingGraph(graph, inputs: [type], targets: [TensorType(.int64, [batch])], options: options)
    let store = StateStore()
    let session = Session(Program(training.graph, threads: threads), state: store)
    let x = Tensor((0..<type.elementCount!).map { Float(($0 * 7919) % 1000) / 500 - 1 }, shape: sizes)
    let y = Tensor((0..<batch).map { Int64($0 % 10) }, shape: [batch])
    let losses = try (0..<steps).map { _ in try session.run([x, y, .scalar(rate)])[0].floats[0] }
    let plan = try session.program.plan(for: [.tensor(type), .tensor(y.type), .tensor(TensorType(.float32, [Int]()))])
    return Run(losses: losses, states: store.contents, products: training.products, memory: plan.memoryByteCount)
  }

  @Test(arguments: ["resnet20", "lenet-300-100"])
  func `losses are close to those of fp32, and weights stay fp32`(model: String) throws {
    let batch = model == "resnet20" ? 8 : 128
    let wide = try run(model, .fp32, steps: 30, batch: batch), narrow = try run(model, .bf16, steps: 30, batch: batch)
    #expect(wide.products == nil && narrow.products?.narrowShare ?? 0 > 0.8)
    #expect(wide.losses != narrow.losses)
    let start = Double(wide.losses[0])
    for (a, b) in zip(wide.losses, narrow.losses) {
      #expect(abs(Double(a - b)) < 0.04 * start, "\(narrow.losses) beside \(wide.losses)")
    }
    #expect(narrow.losses[29] < 0.95 * narrow.losses[0])
    #expect(narrow.states.mapValues(\.type) == wide.states.mapValues(\.type))
  }

  @Test func `results have the same bits for any number of threads, and with activations computed again`() throws {
    let one = try run("resnet20", .bf16, threads: 1)
    for threads in [2, 3] {
      let other = try run("resnet20", .bf16, threads: threads)
      #expect(one.losses == other.losses)
      #expect(one.states.allSatisfy { other.states[$0.key]?.floats == $0.value.floats })
    }
    let again = try run("resnet20", .bf16, recomputes: true)
    #expect(one.losses == again.losses)
    #expect(again.memory < one.memory)
  }

  @Test func `training goes on from a checkpoint with the same bits`() throws {
    var graph = Graph()
    var random = CounterGenerator(seed: 3)
    var value = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(32)]))
    for (i, (from, to)) in [(32, 256), (256, 256), (256, 4)].enumerated() {
      let weight = Tensor((0..<from * to).map { _ in random.within(0.2) }, shape: [from, to])
      value = try graph.apply(MatMul(), value, graph.constant(weight, "w\(i)"))
      if i < 2 { value = try graph.apply(Relu(), value) }
    }
    graph.outputs = [value]
    let samples = (0..<1024).map { i in
      Sample(
        [NamedTensor("x", Tensor((0..<32).map { _ in random.within(1) }, shape: [32]))], label: .classIndex(i % 4))
    }
    let data = Dataset(samples, classes: ["a", "b", "c", "d"])
    var setup = TrainingSetup()
    (setup.batch, setup.run.epochs, setup.options.precision) = (256, 2, .bf16)
    let whole = try setup.trainer(graph, on: data).run()

    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-precision-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = try setup.trainer(graph, on: data)
    first.checkpoints = try CheckpointFolder(folder)
    first.isInterrupted = { [unowned first] in first.progress.step == 5 }
    #expect(try first.run().ending == .interrupted)
    let checkpoint = try Checkpoint(contentsOf: CheckpointFolder(folder).last)
    #expect(checkpoint.states.values.allSatisfy { $0.element == .float32 || $0.element == .int64 })
    setup.run.threads = 2
    let second = try setup.trainer(graph, on: data)
    #expect(second.runner.training.products?.narrow.isEmpty == false)
    try second.resume(from: checkpoint)
    let rest = try second.run()
    #expect(TrainerTests.weights(rest.model).map(\.floats) == TrainerTests.weights(whole.model).map(\.floats))
  }

  /// PyTorch's own autocast is within 5e-4 of its fp32 losses there.
  @Test(arguments: ExactnessTests.cases.filter { $0.model == "resnet8" && $0.optimizer == "sgd" })
  func `losses are as near to PyTorch's as those of its autocast`(item: ExactnessTests.Case) throws {
    let folder = ExactnessTests.folder.appendingPathComponent(item.model)
    let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx")).graph
    let batches = try NumPyArchive(folder.appendingPathComponent("batches.npz"))
    var options = TrainingOptions()
    (options.optimizer, options.precision) = (SGDOptimizer(momentum: 0.9), .bf16)
    let training = try TrainingGraph(
      model, inputs: [batches.tensor("input0").type], targets: [batches.tensor("target0").type], options: options)
    #expect(training.products?.narrowShare ?? 0 > 0.5, "\(training.notes)")
    let runner = try StepRunner(training)
    let wanted = try NumPyArchive(folder.appendingPathComponent("sgd.npz")).tensor("losses").floats.map(Double.init)
    let losses = try wanted.indices.map { step in
      try runner.set(0, to: batches.tensor("input\(step)"))
      try runner.set(1, to: batches.tensor("target\(step)"))
      return try runner.run(rate: item.rate)
    }
    #expect(losses != wanted)
    let worst = zip(losses, wanted).map { abs($0 / $1 - 1) }.max()!
    print("\(item.testDescription) in bf16: losses \(worst)")
    #expect(worst < 1e-3, "\(losses) are not \(wanted)")
  }

  @Test func `other precisions are refused`() throws {
    #expect(throws: GraphError.self) { try run("lenet-300-100", .int8) }
    #expect(throws: GraphError.self) { try run("lenet-300-100", .auto) }
  }
}
