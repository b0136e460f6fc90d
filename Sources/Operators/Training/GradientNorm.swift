public import HoneIR
import HoneKernels

/// The Euclidean norm of all gradients together, and the factor that brings it below `limit`.
///
/// Operands: a factor, the gradients. Results: the factor · min(1, limit/(norm + 1e-6)), NaN if the norm is not finite; the
/// norm. A limit of 0 is none.
public struct GradientNorm: ExecutableOp {
  public var limit: Float = 0
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard call.count >= 2 else { throw GraphError(.arity, "takes a factor and gradients") }
    for i in 0..<call.count where try call.element(i) != .float32 {
      throw GraphError(.type, "operand \(i) must be float32, is \(try call.tensor(i))")
    }
    return [.tensor(.float32, []), .tensor(.float32, [])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    var counts: [Int] = []
    for i in 1..<call.count { counts.append(try call.sizes(i).reduce(1, *)) }
    let chunks = UpdateLayout.chunks(counts)
    let limit = limit
    let sums = Kernel.Stage(tasks: chunks.count) { frame, range in
      let sums = frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Double.self)
      for task in range where task < chunks.count {
        let gradient = frame.operand(1 + chunks[task].weight, as: Float.self) + chunks[task].range.lowerBound
        sums[task] = WeightUpdates.squareSum(gradient, count: chunks[task].range.count)
      }
    }
    return Kernel { frame in
      let sums = frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Double.self)
      var total = 0.0
      for i in chunks.indices { total += sums[i] }
      let norm = Float(total.squareRoot())
      var factor = norm.isFinite ? frame.operand(0, as: Float.self)[0] : .nan
      if limit > 0 { factor *= min(1, limit / (norm + 1e-6)) }
      frame.result(0, as: Float.self)[0] = factor
      frame.result(1, as: Float.self)[0] = norm
    }.after([sums], workspace: max(chunks.count, 1) * MemoryLayout<Double>.stride)
  }
}
