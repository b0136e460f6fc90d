public import HoneIR
import HoneKernels

/// Adagrad (Duchi, Hazan and Singer, 2011): s' = s + g², w' = w − rate/(1 + (t − 1)·rateDecay)·g/(√s' + epsilon).
public struct AdagradUpdate: RowWeightUpdate {
  public var rates: [Float] = []
  public var decays: [Float] = []
  public var rateDecay: Float = 0
  public var epsilon: Float = 1e-10
  public var gradientRows = GradientRows.all
  public init() {}
  public var momentCount: Int { 1 }
  public var leavesRowsWithoutGradient: Bool { epsilon > 0 && decays.allSatisfy { $0 == 0 } }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (rateDecay, epsilon) = (rateDecay, epsilon)
    return try kernel(call) { step, span in
      var span = span
      span.rate /= 1 + Float(step - 1) * rateDecay
      WeightUpdates.adagrad(span, epsilon: epsilon)
    }
  }
}
