import HoneTraining
import Testing

struct RMSPropOptimizerTests {
  private func check(momentum: Float, centered: Bool, decay: Float) throws {
    let optimizer = RMSPropOptimizer(alpha: 0.9, momentum: momentum, centered: centered, weightDecay: decay)
    try OptimizerRun.check(optimizer, tolerance: 2e-5) { w, g, moments, rate, _ in
      for i in w.indices {
        let gradient = g[i] + Double(decay) * w[i]
        moments[0][i] = 0.9 * moments[0][i] + 0.1 * gradient * gradient
        var spread = moments[0][i]
        if centered {
          moments[1][i] = 0.9 * moments[1][i] + 0.1 * gradient
          spread -= moments[1][i] * moments[1][i]
        }
        var step = gradient / (spread.squareRoot() + 1e-8)
        if momentum != 0 {
          let last = moments.count - 1
          moments[last][i] = Double(momentum) * moments[last][i] + step
          step = moments[last][i]
        }
        w[i] -= rate * step
      }
    }
  }

  @Test func plain() throws { try check(momentum: 0, centered: false, decay: 0) }
  @Test func centered() throws { try check(momentum: 0, centered: true, decay: 0.01) }
  @Test func momentum() throws { try check(momentum: 0.5, centered: false, decay: 0) }
  @Test func centeredWithMomentum() throws { try check(momentum: 0.5, centered: true, decay: 0) }
}
