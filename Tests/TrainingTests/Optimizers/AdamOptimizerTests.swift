import Foundation
import HoneTraining
import Testing

struct AdamOptimizerTests {
  @Test func decayIsPartOfTheGradient() throws {
    let optimizer = AdamOptimizer(beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1)
    try OptimizerRun.check(optimizer) { w, g, moments, rate, step in
      AdamRule(beta1: 0.8, beta2: 0.99, epsilon: 1e-6, decay: 0.1).run(&w, g, &moments, rate, step)
    }
  }
  @Test func defaults() throws {
    try OptimizerRun.check(AdamOptimizer()) { w, g, moments, rate, step in AdamRule().run(&w, g, &moments, rate, step) }
  }
}

struct AdamWOptimizerTests {
  @Test func decayShrinksWeights() throws {
    try OptimizerRun.check(AdamWOptimizer(weightDecay: 0.5)) { w, g, moments, rate, step in
      AdamRule(shrink: 0.5).run(&w, g, &moments, rate, step)
    }
  }
}

/// Adam as the papers have it.
struct AdamRule {
  var beta1 = 0.9
  var beta2 = 0.999
  var epsilon = 1e-8
  var decay = 0.0
  var shrink = 0.0

  func run(_ w: inout [Double], _ g: [Double], _ moments: inout [[Double]], _ rate: Double, _ step: Int) {
    for i in w.indices {
      let gradient = g[i] + decay * w[i]
      w[i] *= 1 - rate * shrink
      moments[0][i] = beta1 * moments[0][i] + (1 - beta1) * gradient
      moments[1][i] = beta2 * moments[1][i] + (1 - beta2) * gradient * gradient
      let mean = moments[0][i] / (1 - pow(beta1, Double(step)))
      let square = moments[1][i] / (1 - pow(beta2, Double(step)))
      w[i] -= rate * mean / (square.squareRoot() + epsilon)
    }
  }
}
