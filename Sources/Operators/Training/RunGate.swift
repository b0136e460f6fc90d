public import HoneIR

/// Decides what a run of a training graph may change.
///
/// Operands: the loss, how many runs there were with a finite one, how many updates (int64 scalars). Results: the factor for
/// gradients of this run (1, or NaN if the loss is not finite), the factor for the update (NaN also unless this run completes
/// `every` micro-batches), what is kept of the gradients gathered so far (0 in the first of `every` runs, else 1), and the
/// number of the update that comes next (int64, from 1).
public struct RunGate: ExecutableOp {
  public var every = 1
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    guard try call.element(0) == .float32, try call.element(1) == .int64, try call.element(2) == .int64 else {
      throw GraphError(.type, "takes a float32 loss and int64 counters")
    }
    return [.tensor(.float32, []), .tensor(.float32, []), .tensor(.float32, []), .tensor(.int64, [])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let every = Int64(max(every, 1))
    return Kernel { frame in
      let isFinite = frame.operand(0, as: Float.self)[0].isFinite
      let runs = frame.operand(1, as: Int64.self)[0]
      let accepted: Float = isFinite ? 1 : .nan
      frame.result(0, as: Float.self)[0] = accepted
      frame.result(1, as: Float.self)[0] = (runs + 1) % every == 0 ? accepted : .nan
      frame.result(2, as: Float.self)[0] = runs % every == 0 ? 0 : 1
      frame.result(3, as: Int64.self)[0] = frame.operand(2, as: Int64.self)[0] + 1
    }
  }
}
