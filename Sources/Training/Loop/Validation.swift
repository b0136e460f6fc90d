public import HoneDatasets
public import HoneIR
import HoneRuntime
import HoneTransforms

/// Scores models on data held back, run as for inference.
public struct Validation: Sendable {
  public var dataset: Dataset
  /// Samples that are run at once, where the model leaves that open.
  public var batch: Int
  public var loss: any Loss
  public var targets: TargetForm
  public var teacher: Graph?
  public var threads = 1

  public init(_ dataset: Dataset, batch: Int, loss: any Loss, targets: TargetForm = .automatic) {
    (self.dataset, self.batch, self.loss, self.targets) = (dataset, batch, loss, targets)
  }

  /// Runs `model` on all samples.
  public func scores(of model: Graph) throws(GraphError) -> ValidationScores {
    let size = model.inputs.first.flatMap { model.tensorType(of: $0).shape?.first?.size } ?? batch
    let bound = try dataset.bound(to: model.inputs.map { model.name(of: $0) })
    let batches = try TrainingBatches(
      bound, batch: size, order: .stored, remainder: .wrap, targets: targets, epochs: 1)
    var run: Run?
    while let batch = try batches.next() {
      if run == nil { run = try Run(self, model, batch, task: bound.task) }
      let count = min(size, bound.count - batch.step * size)
      try run!.add(batch, count: count) { index throws(GraphError) in try bound.label(at: index) }
    }
    return run?.scores ?? ValidationScores()
  }

  /// One pass over the data.
  private struct Run {
    let session: Session
    let names: [String]
    let task: Dataset.Task
    var classes: ClassificationMetrics
    var numbers = RegressionMetrics()
    var output: Int?
    var lossSum = 0.0
    var count = 0

    init(_ validation: Validation, _ model: Graph, _ batch: TrainingBatch, task: Dataset.Task) throws(GraphError) {
      self.task = task
      classes = ClassificationMetrics(classes: validation.dataset.classes)
      names = model.inputs.map { model.name(of: $0) }
      let graph = try validation.scoring(model, batch)
      session = Session(try Preparation(level: 3, threads: validation.threads).program(graph))
    }

    /// Takes in the first `count` samples of `batch`; the others only fill it up.
    mutating func add(
      _ batch: TrainingBatch, count: Int, _ label: (Int) throws(GraphError) -> Label?
    ) throws(GraphError) {
      var inputs: [RuntimeValue?] = names.map { name in batch[name].map { .tensor($0) } }
      let weights = (0..<batch.count).map { Float($0 < count ? 1 : 0) }
      inputs += [.tensor(batch.targets), .tensor(Tensor(weights, shape: [batch.count]))]
      let results = try session.run(inputs)
      lossSum += (results.last?.tensor?.double(at: 0) ?? .nan) * Double(count)
      self.count += count
      let labels = try batch.indices.prefix(count).map { index throws(GraphError) in try label(index) }
      let outputs = Array(results.dropLast())
      switch task {
      case .classification:
        let index = output ?? ClassificationMetrics.preferredOutput(outputs.map(\.type)) ?? 0
        output = index
        guard let scores = outputs[index].tensor, scores.sizes.first == batch.count else { return }
        try classes.add(scores.prefix(count), labels: labels.map { $0?.classIndex ?? -1 })
      case .regression:
        guard let values = outputs.first?.tensor, values.sizes.first == batch.count else { return }
        try numbers.add(values.prefix(count), targets: labels.map { $0?.values ?? [] })
      default: return
      }
    }

    var scores: ValidationScores {
      var scores = ValidationScores()
      guard count > 0 else { return scores }
      scores.loss = lossSum / Double(count)
      if task == .classification, classes.scores.count > 0 { scores.classification = classes.scores }
      if task == .regression, numbers.scores.count > 0 { scores.regression = numbers.scores }
      return scores
    }
  }

  /// `model` for the sizes of `batch`, with two more inputs, targets and weights of samples, and one more output, the loss.
  private func scoring(_ model: Graph, _ batch: TrainingBatch) throws(GraphError) -> Graph {
    var types: [Value: ValueType] = [:]
    for input in model.inputs { if let tensor = batch[model.name(of: input)] { types[input] = .tensor(tensor.type) } }
    var graph = try model.rebuilt(inputTypes: types)
    let inputs = graph.inputs
    var terms = LossTerms(outputs: graph.outputs, targets: [graph.input("validation.targets", batch.targets.type)])
    terms.sampleWeights = graph.input("validation.weights", TensorType(.float32, [batch.count]))
    if let teacher { terms.teacher = try graph.embed(teacher, inputs) }
    let loss = try locating("loss") { () throws(GraphError) in try self.loss.append(terms, to: &graph) }
    graph.outputs.append(loss)
    return graph
  }
}

extension Tensor {
  /// The first `count` entries of axis 0.
  fileprivate func prefix(_ count: Int) -> Tensor {
    var sizes = self.sizes
    guard let all = sizes.first, all > count else { return self }
    let each = byteCount / all
    sizes[0] = count
    return Tensor(element, sizes, bytes: byteArray(0..<each * count))
  }
}
