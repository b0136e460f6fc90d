#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import HoneIR
import HoneKernels

/// Adam (Kingma and Ba, arXiv 1412.6980): m' = beta1·m + (1 − beta1)·g, v' = beta2·v + (1 − beta2)·g²,
/// w' = w − rate/(1 − beta1ᵗ)·m'/(√v'/√(1 − beta2ᵗ) + epsilon).
///
/// The decay is added to the gradient, or, decoupled (AdamW; Loshchilov and Hutter, arXiv 1711.05101), shrinks the weight
/// by 1 − rate·decay before.
public struct AdamUpdate: RowWeightUpdate {
  public var rates: [Float] = []
  public var decays: [Float] = []
  public var beta1: Float = 0.9
  public var beta2: Float = 0.999
  public var epsilon: Float = 1e-8
  public var decoupled = false
  public var gradientRows = GradientRows.all
  public init() {}
  public var momentCount: Int { 2 }
  public var leavesRowsWithoutGradient: Bool { false }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (beta1, beta2, epsilon) = (beta1.decimal, beta2.decimal, epsilon.decimal)
    let decoupled = decoupled
    return try kernel(call) { step, span in
      var span = span
      let moments = AdamMoments(
        beta1: beta1, beta2: beta2, epsilon: epsilon, power1: pow(beta1, Double(step)),
        power2: pow(beta2, Double(step)))
      let shrink = decoupled ? 1 - span.rate * span.decay : 1
      if decoupled { span.decay = 0 }
      span.rate /= moments.correction
      WeightUpdates.adam(span, moments, shrink: shrink)
    }
  }
}
