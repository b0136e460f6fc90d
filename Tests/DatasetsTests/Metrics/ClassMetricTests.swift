import HoneIR
import Testing

@testable import HoneDatasets

/// The expected numbers are scikit-learn’s for the same samples.
struct ClassMetricTests {
  private func rows(_ classes: Int) -> [[Double]] {
    (0..<24).map { i in
      let parts = (0..<classes).map { c in Double((i * 7 + c * 5 + i * c * 3) % 11 + 1) }
      let sum = parts.reduce(0, +)
      return parts.map { $0 / sum }
    }
  }
  private func labels(_ classes: Int) -> [Int] { (0..<24).map { i in (i * i + i / 3) % classes } }

  private func score(_ metric: some ClassMetric, classes: Int) -> Double? {
    var metric = metric
    for (row, label) in zip(rows(classes), labels(classes)) { metric.add(row, label: label) }
    return metric.value
  }
  private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-12 } ?? false }

  @Test func `two classes`() {
    #expect(near(score(ROCAUC(), classes: 2), 0.5625))
    #expect(near(score(AveragePrecision(), classes: 2), 0.379741785991786))
    #expect(near(score(LogLoss(), classes: 2), 0.7832105799522756))
    #expect(near(score(CalibrationError(), classes: 2), 0.13350164269281917))
  }

  @Test func `three classes, each against the rest`() {
    #expect(near(score(ROCAUC(), classes: 3), 0.4837035740222015))
    #expect(near(score(AveragePrecision(), classes: 3), 0.3791663100351488))
    #expect(near(score(LogLoss(), classes: 3), 1.2705290424003552))
    #expect(near(score(CalibrationError(), classes: 3), 0.28560509730207867))
    #expect(near(score(TopK(3), classes: 3), 1))
  }

  @Test func `the first of equals is higher`() {
    var metric = TopK(2)
    metric.add([0.25, 0.25, 0.25, 0.25], label: 1)
    metric.add([0.25, 0.25, 0.25, 0.25], label: 2)
    metric.add([0.1, 0.6, 0.3], label: 2)
    metric.add([.nan, 0.6, 0.3], label: 0)
    #expect(metric.value == 0.5)
  }

  @Test func `what is not defined is nil`() {
    let none: [any ClassMetric] = [ROCAUC(), AveragePrecision(), LogLoss(), CalibrationError(), TopK(1)]
    for metric in none { #expect(metric.value == nil) }
    var area = ROCAUC()
    area.add([0.2, 0.8], label: 1)
    #expect(area.value == nil)
    var loss = LogLoss()
    loss.add([1, 0], label: 1)
    #expect(near(loss.value, 36.04365338911715))
  }
}
