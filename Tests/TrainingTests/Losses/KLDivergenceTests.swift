import Foundation
import HoneIR
import HoneOperators
import HoneTraining
import Testing

struct KLDivergenceTests {
  private func formula(_ scores: [Double], _ p: [[Double]], _ temperature: Double) -> Double {
    let rows = rows(scores, 3)
    var sum = 0.0
    for (row, p) in zip(rows, p) {
      let q = logSoftmax(row.map { $0 / temperature })
      for (p, q) in zip(p, q) where p > 0 { sum += p * (log(p) - q) }
    }
    return temperature * temperature * sum / Double(rows.count)
  }

  @Test func probabilities() throws {
    let p: [Float] = [0.2, 0.3, 0.5, 1, 0, 0]
    var loss = KLDivergence()
    (loss.reference, loss.hasProbabilities, loss.temperature) = (.target(0), true, 2)
    let run = LossRun([2, 3], targets: [Tensor(p, shape: [2, 3])])
    try run.check(loss) { formula($0, rows(p.map(Double.init), 3), 2) }
  }

  /// The teacher's scores are 3·x, and x is all ones.
  @Test func teacher() throws {
    var teacher = Graph()
    let x = teacher.input("x", TensorType(.float32, [2, 3]))
    let factors: [Float] = [3, 1, 2, 0, -1, 4]
    teacher.outputs = [try teacher.apply(Mul(), x, teacher.constant(Tensor(factors, shape: [2, 3]), "w"))]
    var run = LossRun([2, 3], targets: [])
    run.teacher = teacher
    var loss = KLDivergence()
    loss.temperature = 4
    let p = rows(factors.map { Double($0) / 4 }, 3).map { logSoftmax($0).map { exp($0) } }
    try run.check(loss) { formula($0, p, 4) }
  }
}
