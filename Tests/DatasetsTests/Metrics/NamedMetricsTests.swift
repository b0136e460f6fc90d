import HoneIR
import Testing

@testable import HoneDatasets

/// The expected numbers are scikit-learn’s for the same scores.
struct NamedMetricsTests {
  private let x = NamedTensor("x", .scalar(1 as Float))
  private func data(_ label: Label, classes: [String] = []) -> Dataset {
    Dataset([Sample([x], label: label)], classes: classes)
  }
  private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-6 } ?? false }

  @Test func `scores become probabilities by softmax`() throws {
    var metrics = try NamedMetrics(["log-loss", "auc"], for: data(.classIndex(0)))
    var scores: [Float] = []
    for i in 0..<24 { for c in 0..<3 { scores.append(Float((i * 7 + c * 5 + i * c * 3) % 11 - 5) / 2) } }
    let labels = (0..<24).map { i in Label.classIndex((i * i + i / 3) % 3) }
    try metrics.add(.tensor(Tensor(Array(scores[..<30]), shape: [10, 3])), labels: Array(labels[..<10]))
    try metrics.add(.tensor(Tensor(Array(scores[30...]), shape: [14, 3, 1])), labels: Array(labels[10...]))
    #expect(near(metrics.scores["log-loss"], 1.9667888962658537) && near(metrics.scores["auc"], 0.4776545803506587))
  }

  @Test func `single scores become probabilities by the logistic function`() throws {
    var metrics = try NamedMetrics(["auc", "log-loss"], for: data(.classIndex(0)))
    let scores = (0..<24).map { i in Float(i * 7 % 11 - 5) / 2 }
    try metrics.add(
      .tensor(Tensor(scores, shape: [24, 1])), labels: (0..<24).map { i in .classIndex((i * i + i / 3) % 2) })
    #expect(near(metrics.scores["log-loss"], 1.1898635234582118) && near(metrics.scores["auc"], 0.3125))
  }

  @Test func `probabilities stay until one is none`() throws {
    var metrics = try NamedMetrics(["log-loss", "top-1"], for: data(.classIndex(0)))
    try metrics.add(.tensor(Tensor([0.25, 0.75] as [Float], shape: [1, 2])), labels: [.classIndex(1)])
    #expect(near(metrics.scores["log-loss"], 0.2876820724517809) && metrics.scores["top-1"] == 1)
    try metrics.add(.tensor(Tensor([0, 0] as [Float], shape: [1, 2])), labels: [.classIndex(1)])
    // ln(1 + e^−0.5) and ln 2.
    #expect(near(metrics.scores["log-loss"], (0.4740769841801067 + 0.6931471805599453) / 2))
  }

  @Test func `numbers`() throws {
    var metrics = try NamedMetrics(["smape", "pinball-0.5"], for: data(.values([1])))
    try metrics.add(.tensor(Tensor([1, 3] as [Float], shape: [2, 1])), labels: [.values([1]), .values([1])])
    #expect(metrics.scores == ["smape": 0.5, "pinball-0.5": 0.5])
  }

  @Test(arguments: [
    ("f1", "‘f1’ is no metric; there are top-<k>, auc"), ("top-0", "no metric"), ("pinball-1", "no metric"),
    ("psnr-3", "no metric"), ("ssim", "not for classification"), ("mase", "not for classification"),
  ])
  func `names that are none are errors`(name: String, expected: String) {
    let text = message { try NamedMetrics([name], for: data(.classIndex(0))) }
    #expect(text.contains(expected), "\(text)")
  }

  @Test func `outputs that do not fit are errors`() throws {
    #expect(message { try NamedMetrics(["mase"], for: data(.values([1]))) }.contains("forecasts of a series"))
    var metrics = try NamedMetrics(["auc"], for: data(.classIndex(0)))
    let output = RuntimeValue.tensor(Tensor([0, 1] as [Float], shape: [1, 2]))
    #expect(message { try metrics.add(output, labels: [.classIndex(2)]) }.contains("of class 2, the output scores 2"))
    #expect(message { try metrics.add(.tensor(Tensor(strings: ["a"], shape: [1])), labels: [nil]) }.contains("numbers"))
  }
}
