public import HoneIR
import HoneKernels

/// Convolution of x − x_zero_point by w − w_zero_point, exact in int32.
public struct ConvInteger: ExecutableOp, WindowOp {
  public static let since = 10
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    return [.tensor(.int32, try convolutionShape(call, x: 0, w: 1, bias: Int.max, group: group))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 0, w: 1, group: group)
    let (xZero, wZero) = (call.has(2) ? 2 : nil, call.has(3) ? 3 : nil)
    let shape = sizes.channelsLast(batch: 1)
    if let weights = try packedIntegerWeights(call, shape, w: 1, wZero: wZero) {
      let type = try ByteType(try call.element(0))
      let plan = IntegerConvolution(shape, xType: type, epilogue: IntegerEpilogue(result: .int32))
      return throughChannelsLast(sizes, xBytes: 1, yBytes: 4, scratch: plan.scratchByteCount) { frame, x, y, scratch in
        let zero = xZero.map { frame.byte($0, type, 0) } ?? 0
        plan.run(tasks: 0..<plan.taskCount, x: x, xZero: zero, weights: weights, y: y, scratch: scratch)
      }
    }
    let outputs = sizes.window.outputCount
    return try plainIntegerConvolution(call, sizes, x: 0, w: 1, xZero: xZero, wZero: wZero) { frame, plane, _, sums in
      (frame.result(0, as: Int32.self) + plane * outputs).update(from: sums, count: outputs)
    }
  }
}
