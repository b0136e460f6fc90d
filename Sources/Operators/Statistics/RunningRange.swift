public import HoneIR
import HoneKernels

/// (x, [min, max]) → [min, max] with x taken in: the range that calibration observes.
public struct RunningRange: ExecutableOp, StatisticOp {
  public static let domain = "hone"
  public init() {}
  public var initial: Tensor { Tensor([Float.infinity, -.infinity], shape: [2]) }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try call.tensor(1))] }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try requireFloats(call)
    let count = try call.sizes(0).reduce(1, *)
    return Kernel(overwrites: [0: 1]) { frame in
      let (state, result) = (frame.operand(1, as: Float.self), frame.result(0, as: Float.self))
      (result[0], result[1]) = (state[0], state[1])
      Statistics.widen(result, by: frame.operand(0), count: count)
    }
  }
}

/// (x, [min, max, started]) → an exponential moving average of each batch's range.
public struct RunningAverageRange: ExecutableOp, StatisticOp {
  public static let domain = "hone"
  /// Weight of the newest batch.
  public var momentum: Float = 0.05
  public init() {}
  public var initial: Tensor { Tensor([Float(0), 0, 0], shape: [3]) }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try call.tensor(1))] }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try requireFloats(call)
    let count = try call.sizes(0).reduce(1, *)
    let momentum = momentum
    return Kernel(scratch: 64, overwrites: [0: 1]) { frame in
      let (state, result) = (frame.operand(1, as: Float.self), frame.result(0, as: Float.self))
      let range = frame.scratch.assumingMemoryBound(to: Float.self)
      (range[0], range[1]) = (.infinity, -.infinity)
      Statistics.widen(range, by: frame.operand(0), count: count)
      let weight = state[2] == 0 ? 1 : momentum
      guard range[0] <= range[1] else { return (result[0], result[1], result[2]) = (state[0], state[1], state[2]) }
      (result[0], result[1], result[2]) = (
        state[0] + weight * (range[0] - state[0]), state[1] + weight * (range[1] - state[1]), 1
      )
    }
  }
}

/// A statistic that calibration keeps of a value: (x, state) → state.
public protocol StatisticOp: Op {
  /// The state before anything was seen.
  var initial: Tensor { get }
}
extension StatisticOp {
  func requireFloats(_ call: Call) throws(GraphError) {
    guard try call.element(0) == .float32 else {
      throw GraphError(.unsupported, "statistics are kept of float32 only, not \(try call.tensor(0))")
    }
  }
}
