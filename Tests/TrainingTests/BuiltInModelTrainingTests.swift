import HoneIR
import HoneModels
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// Every built-in model can be trained: all its weights get gradients, and following them brings the loss below where it began.
struct BuiltInModelTrainingTests {
  /// Of the networks that differ in their number of layers only, one is enough.
  static let names = BuiltInModel.all.map(\.name).filter { !$0.hasPrefix("vgg") || $0 == "vgg11-bn" }

  @Test(arguments: names) func learnsOneBatch(_ name: String) throws {
    let model = try BuiltInModel.named(name)
    let options = Self.small(model)
    let graph = try model.build(options)
    let types = graph.inputs.map { bound(graph.tensorType(of: $0)) }
    let output = bound(graph.tensorType(of: graph.outputs[0])).sizes!
    let target = Self.target(output, model.loss)

    var training = TrainingOptions()
    if model.loss == .crossEntropy { training.loss = CrossEntropy() } else { training.loss = MeanSquaredError() }
    let step = try TrainingGraph(graph, inputs: types, targets: [target.type], options: training)
    let trained = step.graph.states.filter { step.weightNames.contains(step.graph.name(of: $0)) }
    let count = trained.map { step.graph.tensorType(of: $0).elementCount! }.reduce(0, +)
    #expect(try count == model.parameterCount(options))

    let session = Session(step.graph, state: StateStore())
    var losses: [Double] = []
    for _ in 0..<6 {
      losses.append(try session.run(types.map(Self.input) + [target, .scalar(Float(0.002))])[0].double(at: 0))
    }
    #expect(losses.allSatisfy { $0.isFinite }, "\(losses)")
    // Deep networks on four small samples do not go down step by step.
    #expect(losses.dropFirst().min()! < losses[0], "\(losses)")
  }

  private func bound(_ type: TensorType) -> TensorType { TensorType(type.element, type.shape!.map { $0.size ?? 4 }) }

  /// The model in a size that trains quickly, without dropout.
  private static func small(_ model: BuiltInModel) -> ModelOptions {
    var options = model.defaults
    options.seed = 3
    if options.classes != nil { options.classes = 3 }
    if options.hidden != nil { options.hidden = 24 }
    if options.layers != nil { options.layers = 2 }
    if options.vocabulary != nil { options.vocabulary = 50 }
    if options.width != nil { options.width = 0.125 }
    if options.dropout != nil { options.dropout = 0 }
    let input = options.input ?? []
    switch input.count {
    case 3: options.input = [input[0]] + (model.name == "alexnet" ? [64, 64] : [32, 32])
    case 2: options.input = [12, input[1] == 1 ? 1 : 6]
    default: options.input = [16]
    }
    if model.name == "ds-cnn" || model.task == .superResolution { options.input = [input[0], 12, 10] }
    return options
  }

  private static func input(_ type: TensorType) -> Tensor {
    let count = type.elementCount!
    if type.element == .int64 { return Tensor((0..<count).map { Int64($0 * 7 % 50) }, shape: type.sizes!) }
    return Tensor((0..<count).map { Float($0 * 37 % 101) / 50 - 1 }, shape: type.sizes!)
  }

  private static func target(_ output: [Int], _ loss: ModelLoss) -> Tensor {
    guard loss == .crossEntropy else { return input(TensorType(.float32, output)) }
    let sizes = [output[0]] + output.dropFirst(2)
    return Tensor((0..<sizes.reduce(1, *)).map { Int64($0 % output[1]) }, shape: sizes)
  }
}
