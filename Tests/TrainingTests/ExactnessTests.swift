import Foundation
import HoneDatasets
import HoneIR
import HoneONNX
import HoneTraining
import Testing

/// Steps from the same weights on the same batches are PyTorch's: `Tests/Referees/training_cases.py` writes its losses and
/// final weights to `.cache/training-cases`.
struct ExactnessTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var model: String
    var optimizer: String
    var rate: Double
    var share: Double
    var testDescription: String { "\(model), \(optimizer)" }
  }
  /// What the table of cases says about a model.
  private struct Settings: Decodable {
    /// The part of their way by which weights may miss their end.
    var share: Double
    var rates: [String: Double]
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
      let table = try? JSONDecoder().decode([String: Settings].self, from: data)
    else {
      print(
        """
        skipped: PyTorch's training is not at .cache/training-cases; with torch, torchvision and transformers installed, \
        Tests/Referees/training_cases.py makes it
        """)
      return []
    }
    return table.sorted { $0.key < $1.key }.flatMap { model, settings in
      settings.rates.sorted { $0.key < $1.key }.map {
        Case(model: model, optimizer: $0.key, rate: $0.value, share: settings.share)
      }
    }
  }()

  /// Losses are within 1e-4 of PyTorch's; weights and running statistics within 1e-3 of 1 or, if that is more, of the largest
  /// of their tensor. As small rates keep weights within that in any case, the way from their beginning is compared too.
  @Test(arguments: cases) func stepsArePyTorchs(_ item: Case) throws {
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
    let wanted = try referee.tensor("losses").floats.map(Double.init)
    var losses: [Double] = []
    for step in wanted.indices {
      try runner.set(0, to: batches.tensor("input\(step)"))
      try runner.set(1, to: batches.tensor("target\(step)"))
      losses.append(try runner.run(rate: item.rate))
    }

    let loss = zip(losses, wanted).map { abs($0 / $1 - 1) }
    #expect(loss.allSatisfy { $0 < 1e-4 }, "\(losses) are not \(wanted)")

    let (start, end) = (model.weights.tensors, try runner.model().weights.tensors)
    let names = referee.names.filter { $0 != "losses" }
    #expect(Set(names).isSuperset(of: training.weightNames))
    var (worst, missed, gone) = ((difference: 0.0, name: ""), 0.0, 0.0)
    for name in names {
      let (found, right) = (try #require(end[name]), try referee.tensor(name))
      try #require(found.sizes == right.sizes, "\(name)")
      let (a, b, c) = (found.floats, right.floats, try #require(start[name]).floats)
      let difference = Double(Self.largest(zip(a, b).map { $0 - $1 }) / max(Self.largest(b), 1))
      if !(difference <= worst.difference) { worst = (difference, name) }
      guard training.weightNames.contains(name) else { continue }
      for i in a.indices {
        missed += Double((a[i] - b[i]) * (a[i] - b[i]))
        gone += Double((b[i] - c[i]) * (b[i] - c[i]))
      }
    }
    let share = (missed / gone).squareRoot()
    print("\(item.testDescription): losses \(loss.max()!), weights \(worst.difference), of their way \(share)")
    #expect(worst.difference < 1e-3, "\(worst.name) is off by \(worst.difference)")
    #expect(share < item.share, "the weights are off by \(share) of their way")
  }

  private static func largest(_ values: [Float]) -> Float { values.reduce(0) { $1.isNaN ? .nan : max($0, abs($1)) } }
}
