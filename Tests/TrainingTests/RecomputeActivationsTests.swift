import HoneIR
import HoneModels
import HoneRuntime
import HoneTraining
import Testing

struct RecomputeActivationsTests {
  private func losses(_ recomputes: Bool, _ model: String) throws -> (losses: [Float], memory: Int) {
    var options = TrainingOptions()
    options.optimizer = SGDOptimizer()
    options.recomputesActivations = recomputes
    let graph = try BuiltInModel.named(model).build()
    let type = TensorType(.float32, [8] + graph.tensorType(of: graph.inputs[0]).shape!.dropFirst().map { $0.size! })
    let training = try TrainingGraph(graph, inputs: [type], targets: [TensorType(.int64, [8])], options: options)
    let store = StateStore()
    let session = Session(training.graph, state: store)
    let count = type.elementCount!
    let x = Tensor((0..<count).map { Float(($0 * 7919) % 1000) / 500 - 1 }, shape: type.sizes!)
    let y = Tensor((0..<8).map { Int64($0 % 10) }, shape: [8])
    let losses = try (0..<3).map { _ in try session.run([x, y, .scalar(Float(0.01))])[0].floats[0] }
    let plan = try session.program.plan(for: [.tensor(type), .tensor(y.type), .tensor(TensorType(.float32, [Int]()))])
    return (losses, plan.memoryByteCount)
  }

  @Test(arguments: ["resnet20", "lenet-5"])
  func `losses are the same bits, and deep networks need less memory`(model: String) throws {
    let kept = try losses(false, model), again = try losses(true, model)
    #expect(kept.losses == again.losses)
    #expect(kept.losses[2] < kept.losses[0])
    if model == "resnet20" { #expect(again.memory * 4 < kept.memory * 3, "\(again.memory) beside \(kept.memory)") }
  }
}
