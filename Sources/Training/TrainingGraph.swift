public import HoneIR
import HoneOperators
public import HoneRuntime
public import HoneTransforms
import Logging

/// A model made into a graph whose run is one step of training: loss, gradients, updates.
///
/// Inputs are the model's, the targets, weights of samples if asked for, and the learning rate (`rate`, a scalar). Outputs
/// are the loss, the gradients' norm if asked for, and the model's outputs if asked for. Weights, moments, running
/// statistics and counters are states; a run whose loss is not finite leaves them all as they were.
public struct TrainingGraph: Sendable {
  /// What runs.
  public let graph: Graph
  /// The states that gradients change, in the order in which the model reads them.
  public let weightNames: [String]
  /// The weight decay of each.
  let weightDecays: [Float]
  /// Counters among the states: runs with a finite loss, and updates of weights.
  public static let runCounter = "training.runs"
  public static let updateCounter = "training.updates"

  /// Which products multiply bfloat16, where that was asked for.
  public let products: ProductPrecisions?

  private let original: Graph
  private let parameters: [Parameter]

  /// A graph that trains `model` on inputs and targets of these concrete types, batch included.
  ///
  /// Throws what keeps the model from being trained: an operator without gradient, a loss that does not fit, no weights.
  public init(_ model: Graph, inputs: [TensorType], targets: [TensorType], options: TrainingOptions) throws(GraphError)
  {
    guard inputs.count == model.inputs.count else {
      throw GraphError(.input, "the model has \(model.inputs.count) inputs, types of \(inputs.count) were given")
    }
    guard options.precision == .fp32 || options.precision == .bf16 else {
      throw GraphError(.attribute, "training runs in fp32 or bf16, not in \(options.precision.rawValue)").at(
        "option --precision")
    }
    original = try Self.unfolded(model, inputs)
    let lift = LiftWeights(original, options.rules, weightDecay: options.optimizer.weightDecay)
    var step = TrainingStep(try lift.bound(original, inputs), lift.parameters, options)
    try Pipeline.learning.run(on: &step.graph)
    try step.prepare()
    try Self.lower(&step.graph)
    step.noteOrders()
    try step.append(targets: targets)
    (graph, parameters, products) = (step.graph, step.parameters, step.products)
    weightNames = step.weights.map(\.parameter.name)
    weightDecays = step.weights.map(\.parameter.decay)
    if let products {
      let log = Logger(label: "hone.training")
      for line in products.details { log.debug("\(line)") }
    }
  }

  /// What makes the steps of training fast on this machine.
  private static func lower(_ graph: inout Graph) throws(GraphError) {
    for pipeline in Pipeline.loweringForTraining { try pipeline.run(on: &graph) }
  }

  /// The model with its weights as constants and its branches and loops written out: for inputs of any types if that is
  /// known without them, else for inputs of `types`. What depends on data keeps its weights inside.
  private static func unfolded(_ model: Graph, _ types: [TensorType]) throws(GraphError) -> Graph {
    guard model.hasRegions || model.makesWeights else { return model }
    var graph = model
    try Pipeline.learning.run(on: &graph)
    guard graph.hasRegions else { return graph }
    graph = try graph.rebuilt(
      inputTypes: Dictionary(uniqueKeysWithValues: zip(graph.inputs, types.map(ValueType.tensor))))
    try Pipeline.learning.run(on: &graph)
    guard graph.hasRegions else { return graph }
    // A loop whose turns depend on data stays, and matters only where gradients pass it.
    let folded = graph
    do {
      try UnrollLoops().run(on: &graph)
      try Pipeline([ResolveSequences(), FoldConstants(), Simplify(), RemoveDuplicates()], rounds: 24).run(on: &graph)
      return graph
    } catch {
      guard error.kind == .unsupported else { throw error }
      return folded
    }
  }
}

extension TrainingGraph {
  /// What is worth telling about the precision that was asked for.
  public var notes: [String] {
    guard let products else { return [] }
    guard !Machine.multipliesBFloat16 else { return [products.summary] }
    return [
      products.summary,
      "this machine (\(Machine.instructionSet)) has no bfloat16 products; they run as fp32 ones, which is slower",
    ]
  }

  /// The name of the state that holds the average of a weight.
  public static func averageName(_ weight: String) -> String { "\(weight):average" }

  /// States that lie as `[kernel…, C/group, M]`, while the model has `[M, C/group, kernel…]`.
  public var reorderedNames: [String] { parameters.filter(\.isReordered).map(\.name).sorted() }

  /// The model as it came, with the weights and statistics of `state`, or with the weights' averages.
  public func model(_ state: StateStore, averaged: Bool = false) throws(GraphError) -> Graph {
    var model = original
    for parameter in parameters {
      let average = averaged ? state[Self.averageName(parameter.name)] : nil
      guard let tensor = average ?? state[parameter.name] else { continue }
      model.setConstant(parameter.value, to: try parameter.asInModel(tensor))
    }
    return model
  }
}

extension Pipeline {
  /// What leaves a model's meaning in training as it is.
  static var learning: Pipeline { Pipeline([FoldConstants(), Simplify(), RemoveDuplicates()], rounds: 24) }
}

extension Graph {
  fileprivate var hasRegions: Bool { sorted().contains { $0.op is any RegionOp } }

  /// Operators make tensors of constants, such as weights that are all the same.
  fileprivate var makesWeights: Bool {
    sorted().contains { $0.op is ConstantOfShape && $0.operands.allSatisfy { $0.map { constant($0) != nil } ?? true } }
  }
}
