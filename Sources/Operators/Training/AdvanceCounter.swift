public import HoneIR

/// A counter (int64 scalar) and one more if the factor, operand 1, is finite.
public struct AdvanceCounter: ExecutableOp {
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .int64, try call.element(1) == .float32 else {
      throw GraphError(.type, "takes an int64 counter and a float32 factor")
    }
    return Kernel(overwrites: [0: 0]) { frame in
      let isCounted = frame.operand(1, as: Float.self)[0].isFinite
      frame.result(0, as: Int64.self)[0] = frame.operand(0, as: Int64.self)[0] + (isCounted ? 1 : 0)
    }
  }
}
