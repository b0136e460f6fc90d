#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import HoneIR
import HoneKernels

/// LAMB (You and others, arXiv 1904.00962): Adam's moments with bias correction, r = m̂/(√v̂ + epsilon) + decay·w,
/// w' = w − rate·‖w‖/‖r‖·r. The ratio is 1 where a norm is 0.
public struct LAMBUpdate: WeightUpdate {
  public var rates: [Float] = []
  public var decays: [Float] = []
  public var beta1: Float = 0.9
  public var beta2: Float = 0.999
  public var epsilon: Float = 1e-6
  public init() {}
  public var momentCount: Int { 2 }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let layout = try UpdateLayout(call, self)
    let (beta1, beta2, epsilon) = (beta1.decimal, beta2.decimal, epsilon.decimal)
    let moments: @Sendable (Int) -> AdamMoments = { step in
      AdamMoments(
        beta1: beta1, beta2: beta2, epsilon: epsilon, power1: pow(beta1, Double(step)),
        power2: pow(beta2, Double(step)))
    }
    let norms = layout.sums { step, span, sums in
      WeightUpdates.lambDirection(span, moments(step), decay: span.decay, sums: sums)
    }
    return layout.kernel(after: norms) { step, span, sums in
      let (weight, direction) = (sums.0.squareRoot(), sums.1.squareRoot())
      var span = span
      if weight > 0, direction > 0 { span.rate *= Float(weight / direction) }
      WeightUpdates.lambStep(span, moments(step), decay: span.decay)
    }
  }
}
