public import HoneIR
import HoneKernels

/// y = x·(bias + alpha/size·Σ x²)^−beta, the sum over `size` neighbouring channels
public struct LRN: RowKernelOp, RequiringOp {
  public var alpha: Float = 0.0001
  public var beta: Float = 0.75
  public var bias: Float = 1
  public var size = 1
  public init() {}
  public static let required = ["size"]

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard size > 0 else { throw GraphError(.attribute, "size must be positive, is \(size)") }
    return [.tensor(try call.tensor(0))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    guard sizes.count >= 2 else { throw GraphError(.type, "needs at least 2 axes, has \(sizes)") }
    let (channels, positions) = (sizes[1], sizes[2...].reduce(1, *))
    let response = LocalResponse(
      channels: channels, before: (size - 1) / 2, after: size / 2, bias: bias, factor: alpha / Float(size), beta: beta)
    let block = 256
    let blocks = max((positions + block - 1) / block, 1)
    return Kernel(tasks: sizes[0] * blocks) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      for task in range where sizes[0] * channels * positions > 0 {
        let from = task % blocks * block
        let start = task / blocks * channels * positions + from
        let count = min(block, positions - from)
        T.localResponse(x + start, stride: positions, count: count, response, into: y + start)
      }
    }
  }
}
