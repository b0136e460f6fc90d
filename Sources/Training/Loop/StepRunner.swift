public import HoneDatasets
public import HoneIR
public import HoneRuntime

/// Runs the steps of a training graph in memory that stays where it is: a step allocates nothing but its batch.
public final class StepRunner {
  public let training: TrainingGraph
  /// Weights, moments, statistics and counters.
  public let state: StateStore
  private let session: BoundSession
  /// What a step runs.
  public var plan: Plan { session.plan }
  private let threads: Int
  /// The rate is the last input.
  private var rateIndex: Int { session.inputTypes.count - 1 }

  /// Plans the graph and sets all states to what they are at first.
  public init(_ training: TrainingGraph, threads: Int = 1) throws(GraphError) {
    (self.training, self.threads) = (training, threads)
    let graph = training.graph
    state = StateStore()
    session = try BoundSession(
      Program(graph, threads: threads), inputs: graph.inputs.map { graph.tensorType(of: $0) }, state: state)
  }

  /// Writes the inputs and targets of `batch` into their places.
  public func set(_ batch: TrainingBatch) throws(GraphError) {
    let graph = training.graph
    let inputCount = graph.inputs.count - 2
    for (i, input) in graph.inputs.prefix(inputCount).enumerated() {
      let name = graph.name(of: input)
      guard let tensor = batch[name] else {
        throw GraphError(
          .input,
          "the batch has nothing for input ‘\(name)’; it has \(batch.inputs.map(\.name).joined(separator: ", "))")
      }
      try set(i, to: tensor)
    }
    try set(inputCount, to: batch.targets)
  }

  /// Writes `batch`, of which the first `count` samples count, into its places.
  func set(_ batch: TrainingBatch, counting count: Int) throws(GraphError) {
    let inputs = training.graph.inputs
    for (i, input) in inputs.dropLast(3).enumerated() {
      if let tensor = batch[training.graph.name(of: input)] { try set(i, to: tensor) }
    }
    try set(inputs.count - 3, to: batch.targets)
    let weights = (0..<batch.count).map { Float($0 < count ? 1 : 0) }
    try set(inputs.count - 2, to: Tensor(weights, shape: [batch.count]))
  }

  /// A copy of output `i` of the graph.
  func output(_ i: Int) -> Tensor { session.output(i) }

  /// Writes input `i` of the graph: the model's inputs come first, then the targets.
  public func set(_ i: Int, to tensor: Tensor) throws(GraphError) {
    try locating("input ‘\(training.graph.name(of: training.graph.inputs[i]))’") { () throws(GraphError) in
      try session.set(i, to: tensor)
    }
  }

  /// Runs one step on what was set, and returns the loss. If it is not finite, all states are as they were.
  public func run(rate: Double) throws(GraphError) -> Double {
    session.set(rateIndex, to: rate)
    try session.run()
    return session.number(0)
  }

  /// Runs one step and tells the time of each node.
  public func profile(rate: Double) throws(GraphError) -> Profile {
    session.set(rateIndex, to: rate)
    return try session.profile()
  }

  /// The model with the weights as they are now, or with their averages.
  public func model(averaged: Bool = false) throws(GraphError) -> Graph {
    try training.model(state, averaged: averaged)
  }

  /// What made the loss of the step that just ran, at `rate`, no finite number.
  func explain(_ batch: TrainingBatch, rate: Double) throws(GraphError) -> NonFiniteSearch.Finding? {
    let graph = training.graph
    var inputs = graph.inputs.compactMap { batch[graph.name(of: $0)] }
    inputs.append(batch.targets)
    if inputs.count + 2 == graph.inputs.count {
      inputs.append(Tensor([Float](repeating: 1, count: batch.count), shape: [batch.count]))
    }
    inputs.append(.scalar(Float(rate)))
    return try NonFiniteSearch.first(in: graph, inputs, states: state.contents, threads: threads)
  }
}
