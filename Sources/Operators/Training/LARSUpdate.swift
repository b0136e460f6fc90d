public import HoneIR
import HoneKernels

/// LARS (You, Gitman and Ginsburg, arXiv 1708.03888): trust = coefficient·‖w‖/(‖g‖ + decay·‖w‖ + epsilon), or 1 where a
/// norm is 0 or the decay of a weight is; v' = momentum·v + trust·(g + decay·w), w' = w − rate·v'.
///
/// Weights without decay, such as biases, take plain steps.
public struct LARSUpdate: WeightUpdate {
  public var rates: [Float] = []
  public var decays: [Float] = []
  public var momentum: Float = 0.9
  public var coefficient: Float = 0.001
  public var epsilon: Float = 1e-8
  public var nesterov = false
  public init() {}
  public var momentCount: Int { 1 }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let layout = try UpdateLayout(call, self)
    let (momentum, coefficient, epsilon, nesterov) = (momentum, coefficient, epsilon, nesterov)
    let norms = layout.sums { _, span, sums in
      sums[0] = WeightUpdates.squareSum(span.weight, count: span.count)
      sums[1] = WeightUpdates.squareSum(span.gradient, count: span.count)
    }
    return layout.kernel(after: norms) { _, span, sums in
      let (weight, gradient) = (sums.0.squareRoot(), sums.1.squareRoot() * abs(Double(span.scale)))
      var span = span
      if weight > 0, gradient > 0, span.decay != 0 {
        let trust = Double(coefficient) * weight / (gradient + Double(span.decay) * weight + Double(epsilon))
        span.scale *= Float(trust)
        span.decay *= Float(trust)
      }
      WeightUpdates.descend(span, kept: momentum, taken: 1, isNesterov: nesterov)
    }
  }
}
