import HoneIR
import HoneOperators
import HoneTransforms

/// A training graph in the making: the model with states for parameters, to which loss, gradients and updates are appended.
struct TrainingStep {
  var graph: Graph
  var parameters: [Parameter]
  private(set) var weights: [(state: Value, parameter: Parameter)] = []
  private(set) var products: ProductPrecisions?
  private let options: TrainingOptions
  private var statistics: [PrepareForTraining.Statistic] = []
  private var runs: Value?

  init(_ graph: Graph, _ parameters: [Parameter], _ options: TrainingOptions) {
    (self.graph, self.parameters, self.options) = (graph, parameters, options)
  }

  /// Gives operators their form in training.
  mutating func prepare() throws(GraphError) {
    let runs = graph.state(TrainingGraph.runCounter, initial: .scalar(Int64(0)))
    self.runs = runs
    let pass = PrepareForTraining(
      trainsNormalization: options.trainsNormalization, seed: options.seed, stochasticDepth: options.stochasticDepth)
    statistics = try pass.run(on: &graph, runs: runs)
    // As updates, the new statistics stay what they are through every rewriting.
    for statistic in statistics { graph.update(statistic.state, to: statistic.next) }
  }

  /// Notes which states the lowering has given another order.
  mutating func noteOrders() {
    var reordered: Set<String> = []
    for node in graph.sorted() where node.op is NHWCTrainedConv || node.op is NHWCConvInputGradient {
      if let weights = node.operands[1], case .state = graph.origin(of: weights) {
        reordered.insert(graph.name(of: weights))
      }
    }
    for i in parameters.indices { parameters[i].isReordered = reordered.contains(parameters[i].name) }
  }

  /// Appends everything from the loss to the updates.
  mutating func append(targets: [TensorType]) throws(GraphError) {
    let outputs = graph.outputs
    let loss = try appendLoss(targets)
    let forward = graph.nodes(before: loss)
    let rate = graph.input("rate", TensorType(.float32, [Int]()))
    try findWeights(loss)
    let takesRows = try options.takesRows()
    guard !(options.optimizer is any FullBatchOptimizer) else {
      let gradients = try appendGradients(of: loss, asRows: takesRows)
      graph.outputs = [loss] + gradients.map(\.value)
      graph.removeDeadNodes()
      if options.recomputesActivations { try RecomputeActivations(forward: forward).run(on: &graph) }
      return
    }
    let counters = (runs: runs!, updates: graph.state(TrainingGraph.updateCounter, initial: .scalar(Int64(0))))
    var gate = RunGate()
    gate.every = options.accumulation
    // Before the gradients, because nodes run in the order in which they are made: an update then waits for nothing else.
    let gates = try graph.apply(gate, [loss, counters.runs, counters.updates], resultCount: 4)
    let gradients = try appendGradients(of: loss, asRows: takesRows)
    var factor = gates[1]
    let gathered = try gather(gradients, accepted: gates[0], kept: gates[2])
    graph.outputs = [loss]
    if options.gradientNormLimit != nil || options.reportsGradientNorm {
      var norm = GradientNorm()
      norm.limit = options.gradientNormLimit ?? 0
      let results = try graph.apply(norm, [factor] + gathered.map(\.value).reversed(), resultCount: 2)
      factor = results[0]
      if options.reportsGradientNorm { graph.outputs.append(results[1]) }
    }
    if options.reportsOutputs { graph.outputs += outputs }
    let updated = try update(gathered, rate: rate, step: gates[3], factor: factor)
    try average(updated, factor)
    try keepStatistics(accepted: gates[0])
    graph.update(counters.runs, to: try graph.apply(AdvanceCounter(), counters.runs, gates[0]))
    graph.update(counters.updates, to: try graph.apply(AdvanceCounter(), counters.updates, factor))
    graph.removeDeadNodes()
    if options.recomputesActivations { try RecomputeActivations(forward: forward).run(on: &graph) }
    if options.precision == .bf16 { products = try NarrowTraining().narrow(&graph) }
  }

  private mutating func appendLoss(_ targets: [TensorType]) throws(GraphError) -> Value {
    var terms = LossTerms(outputs: graph.outputs, targets: [])
    let names = Set(graph.inputs.map { graph.name(of: $0) })
    let inputs = graph.inputs
    for (i, type) in targets.enumerated() {
      let name = targets.count == 1 ? "target" : "target.\(i)"
      terms.targets.append(graph.input(names.contains(name) ? "training.\(name)" : name, type))
    }
    if options.weighsSamples {
      guard let batch = targets.first?.sizes?.first ?? inputs.first.flatMap({ graph.tensorType(of: $0).sizes?.first })
      else { throw GraphError(.attribute, "weights of samples need targets that tell how many samples there are") }
      terms.sampleWeights = graph.input("sampleWeights", TensorType(.float32, [batch]))
    }
    if let teacher = options.teacher {
      guard teacher.inputs.count == inputs.count else {
        throw GraphError(
          .attribute, "the teacher has \(teacher.inputs.count) inputs, the model \(inputs.count); they must be the same"
        )
      }
      terms.teacher = try graph.embed(prepared(teacher, inputs), inputs)
    }
    let loss = try locating("loss") { () throws(GraphError) in try options.loss.append(terms, to: &graph) }
    graph.rename(loss, to: "loss")
    return loss
  }

  /// The teacher as it runs fastest on inputs of the model's types.
  private func prepared(_ teacher: Graph, _ inputs: [Value]) throws(GraphError) -> Graph {
    let types = inputs.map { graph.type(of: $0) }
    return try locating("teacher") { () throws(GraphError) in
      try Preparation(precision: options.precision).graph(
        teacher.rebuilt(inputTypes: Dictionary(uniqueKeysWithValues: zip(teacher.inputs, types))))
    }
  }

  /// Weights that the loss depends on, in the model's order.
  private mutating func findWeights(_ loss: Value) throws(GraphError) {
    var copy = graph
    copy.outputs = [loss]
    var used = Set<Value>()
    for node in copy.sorted() { used.formUnion(node.operands.compactMap(\.self)) }
    var states: [String: Value] = [:]
    for state in graph.states { states[graph.name(of: state)] = state }
    for parameter in parameters where parameter.role == .weight {
      guard let state = states[parameter.name], used.contains(state) else { continue }
      weights.append((state, parameter))
    }
    guard !weights.isEmpty else {
      throw GraphError(.attribute, "nothing is to be trained: the loss depends on no weight that is not frozen")
    }
  }

  /// The gradient of each weight, regularized and clipped by value.
  private mutating func appendGradients(of loss: Value, asRows: Bool) throws(GraphError) -> [WeightGradient] {
    let found = try graph.appendGradients(of: loss, for: weights.map(\.state))
    var gradients: [WeightGradient] = []
    for (i, gradient) in found.enumerated() {
      guard let gradient else {
        throw GraphError(.unsupported, "no gradient reaches the weight ‘\(weights[i].parameter.name)’: freeze it")
      }
      var result = WeightGradient(value: gradient)
      if asRows { result = try result.ofRows(in: &graph, always: options.sparseEmbeddings) }
      if options.l1 != 0 || options.l2 != 0 {
        var op = RegularizeGradient()
        (op.l1, op.l2) = (options.l1, options.l2)
        result.value = try graph.apply(op, weights[i].state, gradient)
      }
      if let limit = options.gradientLimit, options.accumulation == 1 {
        result.value = try clipped(result.value, limit)
      }
      gradients.append(result)
    }
    return gradients
  }

  private mutating func clipped(_ gradient: Value, _ limit: Float) throws(GraphError) -> Value {
    try graph.apply(Clip(), gradient, graph.constant(.scalar(-limit)), graph.constant(.scalar(limit)))
  }

  /// The mean over micro-batches, if there are several.
  private mutating func gather(_ gradients: [WeightGradient], accepted: Value, kept: Value) throws(GraphError)
    -> [WeightGradient]
  {
    guard options.accumulation > 1 else { return gradients }
    var gathered: [WeightGradient] = []
    for (i, gradient) in gradients.map(\.value).enumerated() {
      let name = "\(weights[i].parameter.name):gradient"
      let sum = graph.state(name, initial: .zeros(graph.tensorType(of: gradient)))
      var blend = BlendStates()
      (blend.kept, blend.taken) = ([1], [1 / Float(options.accumulation)])
      let next = try graph.apply(blend, accepted, kept, sum, gradient)
      graph.update(sum, to: next)
      gathered.append(
        WeightGradient(
          value: try options.gradientLimit.map { limit throws(GraphError) in try clipped(next, limit) } ?? next))
    }
    return gathered
  }
}

extension TrainingStep {
  /// Small weights are updated together, large ones and those whose gradients are rows alone; returns the new weights.
  private mutating func update(_ gradients: [WeightGradient], rate: Value, step: Value, factor: Value)
    throws(GraphError) -> [Value]
  {
    let optimizer = options.optimizer
    var updated = weights.map(\.state)
    for group in groups(gradients) {
      let chosen = group.map { weights[$0] }
      var op = optimizer.update
      op.rates = chosen.map(\.parameter.rate)
      op.decays = chosen.map(\.parameter.decay)
      var states = chosen.map(\.state)
      var operands: [Value?] = [rate, step, factor] + states + group.map { gradients[$0].value }
      for moment in optimizer.momentNames {
        for weight in chosen {
          let initial = Tensor.filled(optimizer.initialMoment, graph.tensorType(of: weight.state))
          let state = graph.state("\(weight.parameter.name):\(moment)", initial: initial)
          states.append(state)
          operands.append(state)
        }
      }
      if let places = gradients[group[0]].places, var rows = op as? any RowWeightUpdate {
        rows.gradientRows = options.sparseEmbeddings ? .keptElsewhere : .zeroElsewhere
        op = rows
        operands.append(places)
      }
      let results = try graph.apply(op, operands, resultCount: states.count)
      for (state, next) in zip(states, results) { graph.update(state, to: next) }
      for (i, next) in zip(group, results) { updated[i] = next }
    }
    return updated
  }

  private func groups(_ gradients: [WeightGradient]) -> [[Int]] {
    let small = 8192
    func isSmall(_ i: Int) -> Bool {
      weights[i].parameter.tensor.elementCount < small && gradients[i].places == nil
    }
    let order = weights.indices.reversed()
    let together = order.filter(isSmall)
    let alone = order.filter { !isSmall($0) }.map { [$0] }
    return alone + (together.isEmpty ? [] : [together])
  }

  private mutating func average(_ updated: [Value], _ factor: Value) throws(GraphError) {
    guard let averaging = options.averaging else { return }
    let states = weights.map { weight in
      graph.state(TrainingGraph.averageName(weight.parameter.name), initial: graph.initial(of: weight.state))
    }
    let kept = [Float](repeating: averaging, count: states.count)
    try blend(states, updated, kept, kept.map { 1 - $0 }, factor)
  }

  private mutating func keepStatistics(accepted: Value) throws(GraphError) {
    guard !statistics.isEmpty else { return }
    try blend(
      statistics.map(\.state), statistics.map { graph.updates[$0.state] ?? $0.next }, statistics.map(\.kept),
      statistics.map(\.taken), accepted)
  }

  private mutating func blend(
    _ states: [Value], _ next: [Value], _ kept: [Float], _ taken: [Float], _ factor: Value
  ) throws(GraphError) {
    var blend = BlendStates()
    (blend.kept, blend.taken) = (kept, taken)
    let results = try graph.apply(blend, [factor, nil] + states + next, resultCount: states.count)
    for (state, result) in zip(states, results) { graph.update(state, to: result) }
  }
}

extension Tensor {
  /// A tensor of one number, all over.
  static func filled(_ number: Float, _ type: TensorType) -> Tensor {
    number == 0 ? .zeros(type) : Tensor([Float](repeating: number, count: type.elementCount!), shape: type.sizes!)
  }
}

extension Graph {
  /// What `value` is made by, operands before users.
  fileprivate func nodes(before value: Value) -> [Node] {
    var copy = self
    copy.outputs = [value]
    for state in updates.keys { copy.update(state, to: value) }
    return copy.sorted()
  }

  /// The initial value of a state.
  fileprivate func initial(of state: Value) -> Tensor {
    guard case .state(let initial, _) = origin(of: state) else { preconditionFailure("a state") }
    return initial
  }
}
