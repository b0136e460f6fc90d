public import HoneIR

/// A model to start from: built with freshly initialized weights, exported like any other graph.
///
///     let model = try BuiltInModel.named("resnet18-cifar")
///     var options = ModelOptions()
///     options.classes = 100
///     let graph = try model.build(options)
public struct BuiltInModel: Sendable {
  public let name: String
  /// One line: what it is and from which paper.
  public let summary: String
  public let task: ModelTask
  /// What its output is trained with.
  public let loss: ModelLoss
  /// The options that it takes, with their default values; those that are nil it does not have.
  public let defaults: ModelOptions
  private let assemble: @Sendable (inout Network, ModelSettings) throws(GraphError) -> Void

  /// `assemble` appends inputs, layers and outputs.
  public init(
    _ name: String, _ summary: String, _ task: ModelTask, _ loss: ModelLoss, _ defaults: ModelOptions,
    assemble: @escaping @Sendable (inout Network, ModelSettings) throws(GraphError) -> Void
  ) {
    (self.name, self.summary, self.task, self.loss) = (name, summary, task, loss)
    (self.defaults, self.assemble) = (defaults, assemble)
  }
}

extension BuiltInModel {
  /// The graph with freshly initialized weights: same options, same bits.
  ///
  /// Fails where an option is one that the model does not have, or has a value that does not fit.
  public func build(_ options: ModelOptions = ModelOptions()) throws(GraphError) -> Graph {
    try network(options, Network(seed: options.seed)).graph
  }

  /// Numbers that training adjusts; counted without making them.
  public func parameterCount(_ options: ModelOptions = ModelOptions()) throws(GraphError) -> Int {
    try form(options).parameterCount
  }

  /// Inputs, outputs and the number of parameters, found without making weights.
  public func form(_ options: ModelOptions = ModelOptions()) throws(GraphError) -> ModelForm {
    let network = try network(options, .outline)
    func ports(_ values: [Value]) -> [ModelForm.Port] {
      values.map { .init(name: network.graph.name(of: $0), type: network.graph.tensorType(of: $0)) }
    }
    return ModelForm(
      inputs: ports(network.inputs), outputs: ports(network.graph.outputs), parameterCount: network.parameterCount)
  }

  private func network(_ options: ModelOptions, _ empty: Network) throws(GraphError) -> Network {
    try locating("model ‘\(name)’") { () throws(GraphError) in
      var network = empty
      try assemble(&network, ModelSettings(options, defaults: defaults))
      return network.named(name)
    }
  }
}

/// What a model reads and gives.
public struct ModelForm: Sendable, Hashable {
  public struct Port: Sendable, Hashable {
    public var name: String
    /// The first axis is the symbol “batch”.
    public var type: TensorType
  }
  public var inputs: [Port]
  public var outputs: [Port]
  /// Numbers that training adjusts.
  public var parameterCount: Int
}

/// What kind of question a model answers.
public enum ModelTask: String, Sendable, Hashable, Codable, CaseIterable {
  case classification
  case textClassification = "text-classification"
  case nodeClassification = "node-classification"
  case forecasting
  case segmentation
  case superResolution = "super-resolution"
}

/// What a model's output is compared with.
public enum ModelLoss: String, Sendable, Hashable, Codable, CaseIterable {
  /// Logits `[batch, classes, …]` with class numbers `[batch, …]`.
  case crossEntropy = "cross-entropy"
  /// Numbers with numbers of the same shape.
  case meanSquaredError = "mean-squared-error"
  case meanAbsoluteError = "mean-absolute-error"
}
