import HoneTraining
import Testing

struct SGDOptimizerTests {
  private func check(_ optimizer: SGDOptimizer) throws {
    let (momentum, dampening) = (Double(optimizer.momentum), Double(optimizer.dampening))
    let decay = Double(optimizer.weightDecay)
    try OptimizerRun.check(optimizer) { w, g, moments, rate, step in
      for i in w.indices {
        let gradient = g[i] + decay * w[i]
        guard momentum != 0 else {
          w[i] -= rate * gradient
          continue
        }
        moments[0][i] = step == 1 ? gradient : momentum * moments[0][i] + (1 - dampening) * gradient
        w[i] -= rate * (optimizer.nesterov ? gradient + momentum * moments[0][i] : moments[0][i])
      }
    }
  }

  @Test func plain() throws { try check(SGDOptimizer()) }
  @Test func decay() throws { try check(SGDOptimizer(weightDecay: 0.1)) }
  @Test func momentumAndDampening() throws {
    try check(SGDOptimizer(momentum: 0.9, dampening: 0.2, weightDecay: 0.01))
  }
  @Test func nesterov() throws { try check(SGDOptimizer(momentum: 0.9, nesterov: true)) }
}
