public import HoneIR
import HoneKernels

/// y = saturate(round((conv(x − x_zero_point, w − w_zero_point) + B) · x_scale · w_scale / y_scale) + y_zero_point)
public struct QLinearConv: ExecutableOp, WindowOp {
  public static let since = 10
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(8...9)
    return [.tensor(try call.element(7), try convolutionShape(call, x: 0, w: 3, bias: 8, group: group))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 0, w: 3, group: group)
    if call.has(8), try call.tensor(8) != TensorType(.int32, [sizes.filters]) {
      throw GraphError(.type, "the bias must be int32[\(sizes.filters)]: \(try call.tensor(8))")
    }
    if let kernel = try packedKernel(call, sizes) { return kernel }
    let perFilter = try call.sizes(4).reduce(1, *) > 1
    let outputs = sizes.window.outputCount
    let hasBias = call.has(8)
    let type = try ByteType(try call.element(7))
    guard try call.element(1) == .float32, try call.element(4) == .float32, try call.element(6) == .float32 else {
      throw .unsupported(try call.element(1))
    }
    return try plainIntegerConvolution(call, sizes, x: 0, w: 3, xZero: 2, wZero: 5) { frame, plane, filter, sums in
      let wScale = frame.operand(4, as: Float.self)[perFilter ? filter : 0]
      let scale = frame.operand(1, as: Float.self)[0] * wScale / frame.operand(6, as: Float.self)[0]
      let zero = Float(frame.byte(7, type, 0))
      let bias = hasBias ? frame.operand(8, as: Int32.self)[filter] : 0
      for i in 0..<outputs {
        let value = Float(sums[i] &+ bias) * scale
        if type == .int8 {
          frame.result(0, as: Int8.self)[plane * outputs + i] = Int8(
            truncatingIfNeeded: saturated(value, zero, -128, 127))
        } else {
          frame.result(0, as: UInt8.self)[plane * outputs + i] = UInt8(
            truncatingIfNeeded: saturated(value, zero, 0, 255))
        }
      }
    }
  }

  private func packedKernel(_ call: Call, _ sizes: ConvolutionSizes) throws(GraphError) -> Kernel? {
    let shape = sizes.channelsLast(batch: 1)
    guard let parameters = try QLinearConvParameters(call, filters: sizes.filters),
      let weights = try packedIntegerWeights(call, shape, w: 3, wZero: 5)
    else { return nil }
    let plan = IntegerConvolution(shape, xType: parameters.x, epilogue: parameters.epilogue)
    return throughChannelsLast(sizes, xBytes: 1, yBytes: 1, scratch: plan.scratchByteCount) { frame, x, y, scratch in
      parameters.withOperands(frame) { zero, operands in
        plan.run(
          tasks: 0..<plan.taskCount, x: x, xZero: zero, weights: weights, y: y, operands: operands, scratch: scratch)
      }
    }
  }
}
