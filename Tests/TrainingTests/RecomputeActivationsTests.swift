import HoneIR
import HoneModels
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct RecomputeActivationsTests {
  /// The training graph of a built-in model for a batch.
  private func training(
    _ model: String, _ modelOptions: ModelOptions = ModelOptions(), batch: Int, recomputes: Bool,
    _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> TrainingGraph {
    var options = TrainingOptions()
    options.optimizer = SGDOptimizer(momentum: 0.9)
    options.recomputesActivations = recomputes
    change(&options)
    let graph = try BuiltInModel.named(model).build(modelOptions)
    let types = graph.inputs.map { input in
      let type = graph.tensorType(of: input)
      return TensorType(type.element, [batch] + type.shape!.dropFirst().map { $0.size! })
    }
    return try TrainingGraph(graph, inputs: types, targets: [TensorType(.int64, [batch])], options: options)
  }

  /// Losses of three steps on made-up samples, and all states after them.
  private func steps(_ training: TrainingGraph, threads: Int) throws -> (losses: [Double], states: [String: Tensor]) {
    let runner = try StepRunner(training, threads: threads)
    let graph = training.graph
    for (i, input) in graph.inputs.dropLast().enumerated() {
      let type = graph.tensorType(of: input)
      let count = type.elementCount!, sizes = type.sizes!
      let isNumber = type.element == .float32
      try runner.set(
        i,
        to: isNumber
          ? Tensor((0..<count).map { Float(($0 * 7919) % 1000) / 500 - 1 }, shape: sizes)
          : Tensor((0..<count).map { Int64(($0 * 31) % 10) }, shape: sizes))
    }
    let losses = try (0..<3).map { _ in try runner.run(rate: 0.01) }
    return (losses, runner.state.contents)
  }

  private func expectSameBits(_ first: TrainingGraph, _ second: TrainingGraph) throws {
    let kept = try steps(first, threads: 1)
    #expect(kept.losses[2] < kept.losses[0])
    for threads in [1, 2, 3] {
      let again = try steps(second, threads: threads)
      #expect(again.losses == kept.losses)
      #expect(again.states.keys == kept.states.keys)
      for (name, tensor) in kept.states {
        #expect(again.states[name]?.isIdentical(to: tensor) ?? false, "‘\(name)’ on \(threads) threads")
      }
    }
  }

  @Test func `batch normalization and dropped branches give the same bits`() throws {
    var options = ModelOptions()
    options.width = 0.5
    let graphs = try [false, true].map {
      try training("resnet20", options, batch: 4, recomputes: $0) { $0.stochasticDepth = 0.3 }
    }
    #expect(graphs[1].graph.sorted().contains { $0.op is NHWCNormalization })
    try expectSameBits(graphs[0], graphs[1])
  }

  @Test func `layer normalization, attention and dropout give the same bits`() throws {
    var options = ModelOptions()
    (options.layers, options.vocabulary, options.input, options.dropout) = (3, 50, [16], 0.2)
    let graphs = try [false, true].map { try training("minilm", options, batch: 2, recomputes: $0) }
    let drops = graphs.map { $0.graph.sorted().filter { $0.op is DropRandomly }.count }
    #expect(drops[1] > drops[0])
    try expectSameBits(graphs[0], graphs[1])
  }

  @Test func `networks too small for segments give the same bits`() throws {
    try expectSameBits(
      training("lenet-5", batch: 8, recomputes: false), training("lenet-5", batch: 8, recomputes: true))
  }

  @Test func `random numbers are not drawn again`() throws {
    var model = Graph()
    let x = model.input("x", TensorType(.float32, [4, 8]))
    var h = x
    var random = RandomUniform()
    random.shape = [4, 8]
    for i in 0..<6 {
      let weights = model.constant(Tensor((0..<64).map { Float($0 % 7 + i) / 30 - 0.1 }, shape: [8, 8]), "w\(i)")
      h = try model.apply(Tanh(), model.apply(MatMul(), h, weights))
      h = try model.apply(Mul(), h, model.apply(random))
    }
    model.outputs = [h]
    var options = TrainingOptions()
    options.recomputesActivations = true
    let graph = try TrainingGraph(
      model, inputs: [TensorType(.float32, [4, 8])], targets: [TensorType(.int64, [4])], options: options
    ).graph
    #expect(graph.sorted().filter { $0.op is RandomUniform }.count == 6)
  }

  /// Bytes of activations and gradients at their peak, without and with recomputation.
  private func memory(_ model: String, _ options: ModelOptions, batch: Int) throws -> (kept: Int, again: Int) {
    let bytes = try [false, true].map { recomputes in
      let graph = try training(model, options, batch: batch, recomputes: recomputes).graph
      return try Program(graph).plan(for: graph.inputs.map { graph.type(of: $0) }).memory.valueByteCount
    }
    return (bytes[0], bytes[1])
  }

  @Test func `ResNet-18 needs at most half the memory for activations`() throws {
    let (kept, again) = try memory("resnet18-cifar", ModelOptions(), batch: 16)
    #expect(again * 2 <= kept, "\(again) beside \(kept)")
    // Every convolution's operand and result, and those of its normalization.
    #expect(kept > 16 * 32 * 32 * 64 * 4 * 10)
  }

  /// 12 layers are too much to make for a test; their widths decide about the share.
  @Test(arguments: [("minilm", 64, 6), ("bert-base", 128, 4)])
  func `transformer encoders need at most half the memory for activations`(
    model: String, tokens: Int, layers: Int
  ) throws {
    var options = ModelOptions()
    (options.input, options.layers, options.vocabulary) = ([tokens], layers, 100)
    let (kept, again) = try memory(model, options, batch: 8)
    #expect(again * 2 <= kept, "\(again) beside \(kept)")
  }
}
