import Foundation
import HoneTraining
import Testing

struct LAMBOptimizerTests {
  @Test func ratioOfNorms() throws {
    try OptimizerRun.check(LAMBOptimizer(weightDecay: 0.1), tolerance: 5e-6) { w, g, moments, rate, step in
      var direction = w
      for i in w.indices {
        moments[0][i] = 0.9 * moments[0][i] + 0.1 * g[i]
        moments[1][i] = 0.999 * moments[1][i] + 0.001 * g[i] * g[i]
        let mean = moments[0][i] / (1 - pow(0.9, Double(step)))
        let square = moments[1][i] / (1 - pow(0.999, Double(step)))
        direction[i] = mean / (square.squareRoot() + 1e-6) + 0.1 * w[i]
      }
      let ratio = w.norm / direction.norm
      for i in w.indices { w[i] -= rate * ratio * direction[i] }
    }
  }
}
