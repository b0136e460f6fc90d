import HoneTraining
import Testing

struct AdagradOptimizerTests {
  @Test func rateDecayAndInitialMoment() throws {
    let optimizer = AdagradOptimizer(rateDecay: 0.1, weightDecay: 0.01, initialMoment: 0.5)
    try OptimizerRun.check(optimizer) { w, g, moments, rate, step in
      for i in w.indices {
        let gradient = g[i] + 0.01 * w[i]
        moments[0][i] += gradient * gradient
        w[i] -= rate / (1 + Double(step - 1) * 0.1) * gradient / (moments[0][i].squareRoot() + 1e-10)
      }
    }
  }
}
