import HoneDatasets
import HoneIR
import HoneRuntime

/// Makes the loss over all data small: each step is an iteration of L-BFGS on all weights.
final class FullBatchDescent {
  /// Samples that are run together; the last batch is filled up with samples that do not count.
  struct Part {
    var batch: TrainingBatch
    var count: Int
  }
  let sampleCount: Int
  /// The search has come to its end.
  var isOver: Bool { search?.isOver ?? false }
  private let parts: [Part]
  private let method: LBFGS
  private let weights: [Weight]
  private var search: LBFGS.Search?

  private struct Weight {
    var name: String
    var sizes: [Int]
    var range: Range<Int>
    var decay: Double
  }

  init(_ training: TrainingGraph, _ parts: [Part], _ method: LBFGS) {
    (self.parts, self.method) = (parts, method)
    sampleCount = parts.reduce(0) { $0 + $1.count }
    var weights: [Weight] = []
    for (i, name) in training.weightNames.enumerated() {
      let sizes = training.graph.tensorType(of: training.graph.outputs[1 + i]).sizes!
      let start = weights.last?.range.upperBound ?? 0
      let range = start..<start + sizes.reduce(1, *)
      weights.append(Weight(name: name, sizes: sizes, range: range, decay: Double(training.weightDecays[i])))
    }
    self.weights = weights
  }

  /// One iteration; the loss after it. If it is not finite, the weights are as they were.
  func step(_ runner: StepRunner) throws(GraphError) -> Double {
    let function: LBFGS.Function = { [self] position throws(GraphError) in try evaluate(position, runner) }
    if search == nil {
      let start = weights.flatMap { runner.state[$0.name]?.doubles ?? [] }
      let (value, gradient) = try function(start)
      guard value.isFinite, gradient.allSatisfy(\.isFinite) else { return value.isFinite ? .nan : value }
      search = LBFGS.Search(at: .init(position: start, value: value, gradient: gradient))
    }
    try method.advance(&search!, function)
    let point = search!.point
    set(point.position, runner)
    return point.value - decay(point.position)
  }

  /// The first batch whose loss is not finite.
  func culprit(_ runner: StepRunner) throws(GraphError) -> TrainingBatch? {
    for part in parts {
      try runner.set(part.batch, counting: part.count)
      if !(try runner.run(rate: 1)).isFinite { return part.batch }
    }
    return parts.first?.batch
  }

  private func set(_ position: [Double], _ runner: StepRunner) {
    for weight in weights {
      runner.state.set(weight.name, to: Tensor(position[weight.range].map { Float($0) }, shape: weight.sizes))
    }
  }

  private func decay(_ position: [Double]) -> Double {
    weights.reduce(0) { sum, weight in
      guard weight.decay != 0 else { return sum }
      return sum + weight.decay / 2 * position[weight.range].reduce(0) { $0 + $1 * $1 }
    }
  }

  private func evaluate(_ position: [Double], _ runner: StepRunner) throws(GraphError) -> (
    value: Double, gradient: [Double]
  ) {
    set(position, runner)
    var value = decay(position)
    var gradient = [Double](repeating: 0, count: position.count)
    for weight in weights where weight.decay != 0 {
      for i in weight.range { gradient[i] = weight.decay * position[i] }
    }
    for part in parts {
      let share = Double(part.count) / Double(sampleCount)
      try runner.set(part.batch, counting: part.count)
      value += share * (try runner.run(rate: 1))
      for (i, weight) in weights.enumerated() {
        for (j, number) in zip(weight.range, runner.output(1 + i).floats) { gradient[j] += share * Double(number) }
      }
    }
    return (value, gradient)
  }
}

extension FullBatchDescent {
  private static let prefix = "lbfgs:"
  static func isOwn(_ name: String) -> Bool { name.hasPrefix(prefix) }

  /// Where the search is, as a checkpoint keeps it; empty before the first step.
  var tensors: [String: Tensor] {
    guard let search else { return [:] }
    let (count, size) = (search.pairs.count, search.point.position.count)
    return [
      "position": Tensor(search.point.position, shape: [size]),
      "gradient": Tensor(search.point.gradient, shape: [size]),
      "value": Tensor([search.point.value, search.isOver ? 1 : 0], shape: [2]),
      "steps": Tensor(search.pairs.flatMap(\.step), shape: [count, size]),
      "changes": Tensor(search.pairs.flatMap(\.change), shape: [count, size]),
    ].reduce(into: [:]) { $0[Self.prefix + $1.key] = $1.value }
  }

  /// Goes on where `tensors` were taken.
  func restore(_ tensors: [String: Tensor]) throws(GraphError) {
    guard !tensors.isEmpty else {
      search = nil
      return
    }
    let size = weights.last?.range.upperBound ?? 0
    func numbers(_ name: String, _ isRight: ([Int]) -> Bool) throws(GraphError) -> [Double] {
      guard let tensor = tensors[Self.prefix + name], tensor.element == .float64, isRight(tensor.sizes) else {
        throw GraphError(.input, "the checkpoint is of another model, or not of \(LBFGSOptimizer.name): ‘\(name)’")
      }
      return tensor.doubles
    }
    let steps = try numbers("steps") { $0.count == 2 && $0[1] == size }
    let changes = try numbers("changes") { $0 == [steps.count / max(size, 1), size] }
    let value = try numbers("value") { $0 == [2] }
    var search = LBFGS.Search(
      at: .init(
        position: try numbers("position") { $0 == [size] }, value: value[0],
        gradient: try numbers("gradient") { $0 == [size] }))
    search.isOver = value[1] != 0
    search.pairs = stride(from: 0, to: steps.count, by: max(size, 1)).map {
      LBFGS.Pair(step: Array(steps[$0..<$0 + size]), change: Array(changes[$0..<$0 + size]))
    }
    self.search = search
  }
}
