public import HoneIR

/// Convolution of `[N, C, …]` by `[M, C/group, …]`, with an optional bias `[M]`.
public struct Conv: ExecutableOp, WindowOp {
  public var auto_pad = AutoPad.notSet
  public var dilations: [Int] = []
  public var group = 1
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let element = try call.element(0)
    guard element.isFloatingPoint, try call.element(1) == element else {
      throw GraphError(
        .type, "operands must be of one floating-point type: \(try call.tensor(0)), \(try call.tensor(1))")
    }
    return [.tensor(element, try convolutionShape(call, x: 0, w: 1, bias: 2, group: group))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try convolutionSizes(call, x: 0, w: 1, group: group)
    let bias = call.has(2) ? 2 : nil
    switch try call.element(0) {
    case .float32: return try floatConvolution(call, sizes, bias: bias)
    case .float64: return directConvolution(sizes, bias: bias, Double.self)
    case .float16: return directConvolution(sizes, bias: bias, Float16.self)
    case .bfloat16: return directConvolution(sizes, bias: bias, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }
}
