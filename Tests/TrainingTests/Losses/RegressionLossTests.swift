import Foundation
import HoneIR
import HoneTraining
import Testing

/// Losses of differences and angles.
struct RegressionLossTests {
  private static let target = noise(6, 77)
  private static let run = LossRun([2, 3], targets: [Tensor(target, shape: [2, 3])])

  private func mean(_ scores: [Double], _ body: (Double) -> Double) -> Double {
    zip(scores, Self.target).reduce(0) { $0 + body($1.0 - Double($1.1)) } / 6
  }

  @Test func squares() throws { try Self.run.check(MeanSquaredError()) { mean($0) { $0 * $0 } } }
  @Test func sizes() throws { try Self.run.check(MeanAbsoluteError()) { mean($0, abs) } }

  @Test func huber() throws {
    var loss = HuberLoss()
    loss.delta = 0.7
    func huber(_ d: Double) -> Double { abs(d) <= 0.7 ? d * d / 2 : 0.7 * (abs(d) - 0.35) }
    try Self.run.check(loss) { mean($0, huber) }
    loss.isSmoothL1 = true
    try Self.run.check(loss) { mean($0) { huber($0) / 0.7 } }
  }

  @Test func cosine() throws {
    try Self.run.check(CosineLoss()) { scores in
      zip(rows(scores, 3), rows(Self.target.map(Double.init), 3)).reduce(0) { sum, pair in
        sum + (1 - zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 } / (pair.0.norm * pair.1.norm)) / 2
      }
    }
  }

  @Test func binaryCrossEntropy() throws {
    let y: [Float] = [1, 0, 0.3, 1, 1, 0]
    var loss = BinaryCrossEntropy()
    loss.positiveWeight = [2, 1, 0.5]
    let run = LossRun([2, 3], scale: 4, targets: [Tensor(y, shape: [2, 3])])
    try run.check(loss) { scores in
      scores.enumerated().reduce(0) { sum, item in
        let (p, y) = (1 / (1 + exp(-item.element)), Double(y[item.offset]))
        return sum - ([2, 1, 0.5][item.offset % 3] * y * log(p) + (1 - y) * log(1 - p)) / 6
      }
    }
  }

  @Test func sums() throws {
    try Self.run.check(WeightedSum([.init(2, MeanSquaredError()), .init(0.5, MeanAbsoluteError())])) {
      mean($0) { 2 * $0 * $0 + abs($0) / 2 }
    }
  }
}
