public import HoneIR
import HoneKernels

/// g + l2·w + l1·sign(w): the gradient with that of l2/2·Σw² + l1·Σ|w| added. Operands: the weight, its gradient.
public struct RegularizeGradient: ExecutableOp {
  public var l1: Float = 0
  public var l2: Float = 0
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    guard try call.element(0) == .float32, try call.tensor(0) == call.tensor(1) else {
      throw GraphError(
        .type, "\(try call.tensor(0)) and \(try call.tensor(1)) are not a float32 weight and its gradient")
    }
    return [.tensor(try call.tensor(1))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let chunks = UpdateLayout.chunks([try call.sizes(0).reduce(1, *)])
    let (l1, l2) = (l1, l2)
    return Kernel(tasks: chunks.count, overwrites: [0: 1]) { frame, range in
      for task in range where task < chunks.count {
        let part = chunks[task].range
        WeightUpdates.regularize(
          frame.operand(0) + part.lowerBound, frame.operand(1) + part.lowerBound, square: l2, absolute: l1,
          count: part.count, into: frame.result() + part.lowerBound)
      }
    }
  }
}
