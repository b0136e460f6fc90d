import Foundation
import HoneIR
import HoneTraining
import Testing

struct FocalLossTests {
  @Test(arguments: [0, 1.5, 2] as [Float]) func classes(gamma: Float) throws {
    let classes = [2, 0, 1, 2]
    var loss = FocalLoss()
    (loss.gamma, loss.alpha) = (gamma, [0.2, 0.3, 0.5])
    let run = LossRun([4, 3], targets: [.integers(classes)])
    try run.check(loss) { scores in
      zip(rows(scores, 3), classes).reduce(0) { sum, pair in
        let logarithm = logSoftmax(pair.0)[pair.1]
        return sum - [0.2, 0.3, 0.5][pair.1] * pow(1 - exp(logarithm), Double(gamma)) * logarithm / 4
      }
    }
  }

  @Test func yesAndNo() throws {
    let y: [Float] = [1, 0, 0, 1, 1, 0]
    var loss = FocalLoss()
    loss.alpha = [0.25]
    let run = LossRun([2, 3], targets: [Tensor(y, shape: [2, 3])])
    try run.check(loss) { scores in
      zip(scores, y).reduce(0) { sum, pair in
        let p = 1 / (1 + exp(pair.1 == 1 ? -pair.0 : pair.0))
        return sum - (pair.1 == 1 ? 0.25 : 0.75) * (1 - p) * (1 - p) * log(p) / 6
      }
    }
  }
}
