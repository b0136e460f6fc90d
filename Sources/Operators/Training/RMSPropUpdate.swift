public import HoneIR
import HoneKernels

/// RMSProp (Tieleman and Hinton, 2012; centered after Graves, arXiv 1308.0850): s' = alpha·s + (1 − alpha)·g²,
/// w' = w − rate·b' with b' = momentum·b + g/(√s' + epsilon); centered, s' − a'² takes the place of s' under the root,
/// where a' = alpha·a + (1 − alpha)·g.
///
/// Moments are s, then a if centered, then b if there is momentum.
public struct RMSPropUpdate: RowWeightUpdate {
  public var rates: [Float] = []
  public var decays: [Float] = []
  public var alpha: Float = 0.99
  public var epsilon: Float = 1e-8
  public var momentum: Float = 0
  public var centered = false
  public var gradientRows = GradientRows.all
  public init() {}
  public var momentCount: Int { 1 + (centered ? 1 : 0) + (momentum == 0 ? 0 : 1) }
  public var leavesRowsWithoutGradient: Bool { false }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (alpha, epsilon, momentum, centered) = (alpha, epsilon, momentum, centered)
    let added = Float(1 - alpha.decimal)
    return try kernel(call) { _, span in
      var span = span
      if !centered, momentum != 0 {
        (span.moments.2, span.newMoments.2) = (span.moments.1, span.newMoments.1)
        (span.moments.1, span.newMoments.1) = (nil, nil)
      }
      WeightUpdates.rmsprop(span, kept: alpha, added: added, momentum: momentum, epsilon: epsilon)
    }
  }
}
