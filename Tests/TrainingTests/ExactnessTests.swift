import Foundation
import HoneDatasets
import HoneIR
import HoneONNX
import HoneTraining
import Testing

/// Ten steps from the same weights on the same batches are PyTorch's: `Tests/Referees/training_cases.py` writes its losses and
/// final weights to `.cache/training-cases`.
struct ExactnessTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var model: String
    var optimizer: String
    var rate: Double
    var testDescription: String { "\(model), \(optimizer)" }
  }
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".cache/training-cases")
  static let optimizers: [String: any Optimizer] = [
    "sgd": SGDOptimizer(momentum: 0.9), "adamw": AdamWOptimizer(), "rmsprop": RMSPropOptimizer(),
  ]

  /// None where the cases have not been made.
  static let cases: [Case] = {
    guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("complete").path),
      let data = try? Data(contentsOf: folder.appendingPathComponent("cases.json")),
      let rates = try? JSONDecoder().decode([String: [String: Double]].self, from: data)
    else {
      print(
        """
        skipped: PyTorch's training is not at .cache/training-cases; with torch, torchvision and transformers installed, \
        Tests/Referees/training_cases.py makes it
        """)
      return []
    }
    return rates.sorted { $0.key < $1.key }.flatMap { model, rates in
      rates.sorted { $0.key < $1.key }.map { Case(model: model, optimizer: $0.key, rate: $0.value) }
    }
  }()

  /// Losses within 1e-4 of PyTorch's. Weights and running statistics within 1e-3 of the largest of their tensor, and the
  /// way that all weights have gone within 1e-2 of its length.
  @Test(arguments: cases) func tenStepsArePyTorchs(_ item: Case) throws {
    let folder = Self.folder.appendingPathComponent(item.model)
    let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx")).graph
    let batches = try NumPyArchive(folder.appendingPathComponent("batches.npz"))
    let referee = try NumPyArchive(folder.appendingPathComponent("\(item.optimizer).npz"))

    let (input, target) = try (batches.tensor("input0"), batches.tensor("target0"))
    var options = TrainingOptions()
    options.optimizer = try #require(Self.optimizers[item.optimizer])
    if target.element.isFloatingPoint { options.loss = MeanSquaredError() }
    let training = try TrainingGraph(model, inputs: [input.type], targets: [target.type], options: options)
    let runner = try StepRunner(training)
    var losses: [Double] = []
    for step in 0..<10 {
      try runner.set(0, to: batches.tensor("input\(step)"))
      try runner.set(1, to: batches.tensor("target\(step)"))
      losses.append(try runner.run(rate: item.rate))
    }

    let wanted = try referee.tensor("losses").floats.map(Double.init)
    #expect(wanted.count == losses.count)
    let loss = zip(losses, wanted).map { abs($0 / $1 - 1) }
    #expect(loss.allSatisfy { $0 < 1e-4 }, "\(losses) are not \(wanted)")

    let (start, end) = (model.weights.tensors, try runner.model().weights.tensors)
    let names = referee.names.filter { $0 != "losses" }
    #expect(Set(names).isSuperset(of: training.weightNames))
    var (worst, missed, gone) = ((share: 0.0, name: ""), 0.0, 0.0)
    for name in names {
      let (found, right) = (try #require(end[name]), try referee.tensor(name))
      try #require(found.sizes == right.sizes, "\(name)")
      let (a, b, c) = (found.floats, right.floats, try #require(start[name]).floats)
      let difference = Self.largest(zip(a, b).map { $0 - $1 })
      let share = Double(difference) / max(Double(Self.largest(b)), 1e-12)
      if !(share <= worst.share) { worst = (share, name) }
      guard training.weightNames.contains(name) else { continue }
      for i in a.indices {
        missed += Double((a[i] - b[i]) * (a[i] - b[i]))
        gone += Double((b[i] - c[i]) * (b[i] - c[i]))
      }
    }
    let way = (missed / gone).squareRoot()
    print("\(item.model), \(item.optimizer): losses \(loss.max()!), weights \(worst), of their way \(way)")
    #expect(worst.share < 1e-3, "\(worst.name) is off by \(worst.share)")
    #expect(way < 1e-2)
  }

  private static func largest(_ values: [Float]) -> Float { values.reduce(0) { $1.isNaN ? .nan : max($0, abs($1)) } }
}
