import HoneTraining
import Testing

struct LARSOptimizerTests {
  private func check(_ optimizer: LARSOptimizer) throws {
    let decay = Double(optimizer.weightDecay)
    try OptimizerRun.check(optimizer, rate: 0.5) { w, g, moments, rate, _ in
      let trust = decay == 0 ? 1 : 0.02 * w.norm / (g.norm + decay * w.norm + 1e-8)
      for i in w.indices {
        let gradient = trust * (g[i] + decay * w[i])
        moments[0][i] = 0.9 * moments[0][i] + gradient
        w[i] -= rate * (optimizer.nesterov ? gradient + 0.9 * moments[0][i] : moments[0][i])
      }
    }
  }
  @Test func trustOfNorms() throws { try check(LARSOptimizer(coefficient: 0.02, weightDecay: 0.1)) }
  @Test func nesterov() throws { try check(LARSOptimizer(coefficient: 0.02, nesterov: true, weightDecay: 0.1)) }
  @Test func withoutDecay() throws { try check(LARSOptimizer(weightDecay: 0)) }
}
