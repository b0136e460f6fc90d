public import HoneIR
import HoneKernels

/// g += decay·w, v' = momentum·v + (1 − dampening)·g (v' = g in step 1), w' = w − rate·v', or by Nesterov's rule
/// w' = w − rate·(g + momentum·v'). Without momentum there is no v.
public struct SGDUpdate: RowWeightUpdate {
  public var rates: [Float] = []
  public var decays: [Float] = []
  public var momentum: Float = 0
  public var dampening: Float = 0
  public var nesterov = false
  public var gradientRows = GradientRows.all
  public init() {}
  public var momentCount: Int { momentum == 0 ? 0 : 1 }
  public var leavesRowsWithoutGradient: Bool { momentum == 0 && decays.allSatisfy { $0 == 0 } }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (momentum, dampening, nesterov) = (momentum, dampening, nesterov)
    return try kernel(call) { step, span in
      WeightUpdates.descend(span, kept: momentum, taken: step <= 1 ? 1 : 1 - dampening, isNesterov: nesterov)
    }
  }
}
