import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// One step on a model whose output is its weight, so that the step is the loss's gradient.
struct LossRun {
  var scores: [Float]
  var shape: [Int]
  var targets: [Tensor]
  var sampleWeights: [Float]?
  var teacher: Graph?

  init(_ shape: [Int], seed: Int = 3, scale: Float = 2, targets: [Tensor]) {
    (self.shape, self.targets) = (shape, targets)
    scores = noise(shape.reduce(1, *), seed).map { $0 * scale }
  }

  func run(_ loss: any Loss) throws -> (loss: Double, gradient: [Float]) {
    var model = Graph()
    let x = model.input("x", TensorType(.float32, shape))
    model.outputs = [try model.apply(Mul(), x, model.constant(Tensor(scores, shape: shape), "w"))]
    var options = TrainingOptions()
    (options.loss, options.optimizer, options.teacher) = (loss, SGDOptimizer(), teacher)
    options.weighsSamples = sampleWeights != nil
    let training = try TrainingGraph(
      model, inputs: [TensorType(.float32, shape)], targets: targets.map(\.type), options: options)
    let state = StateStore()
    let ones = Tensor([Float](repeating: 1, count: scores.count), shape: shape)
    let weights = sampleWeights.map { [Tensor($0, shape: [$0.count])] } ?? []
    let results = try Session(training.graph, state: state).run([ones] + targets + weights + [.scalar(Float(1))])
    return (results[0].double(at: 0), zip(scores, state["w"]!.floats).map { $0 - $1 })
  }

  /// The loss and its gradient are those of `formula`, in double precision.
  func check(_ loss: any Loss, tolerance: Double = 1e-5, _ formula: ([Double]) -> Double) throws {
    let found = try run(loss)
    let exact = scores.map(Double.init)
    #expect(abs(found.loss - formula(exact)) < tolerance * max(1, abs(found.loss)))
    for i in exact.indices {
      var (above, below) = (exact, exact)
      above[i] += 1e-5
      below[i] -= 1e-5
      let slope = (formula(above) - formula(below)) / 2e-5
      #expect(abs(Double(found.gradient[i]) - slope) < tolerance, "\(i): \(found.gradient[i]), not \(slope)")
    }
  }
}

/// log softmax of one row.
func logSoftmax(_ row: [Double]) -> [Double] {
  let top = row.max()!
  let total = row.reduce(0) { $0 + exp($1 - top) }
  return row.map { $0 - top - log(total) }
}

/// Rows of `count` numbers.
func rows(_ values: [Double], _ count: Int) -> [[Double]] {
  stride(from: 0, to: values.count, by: count).map { Array(values[$0..<$0 + count]) }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
