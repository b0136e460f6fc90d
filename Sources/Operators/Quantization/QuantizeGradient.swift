public import HoneIR

/// The straight-through estimate of a quantization's gradient: dy where x lies in the range of `to`, else 0.
///
/// Operands: x, scale, zero point or none, and dy, in the units of x.
public struct QuantizeGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var axis = 1
  public var block_size = 0
  /// The quantized type.
  public var to = ElementType.uint8
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(4...4)
    let (x, dy) = (try call.tensor(0), try call.tensor(3))
    guard x == dy else { throw GraphError(.type, "a cotangent of \(dy) does not fit \(x)") }
    return [.tensor(x)]
  }

  /// The numbers that are not clipped, in units of the scale; all numbers for types that are no integers.
  private var range: (Float, Float) {
    let half = Float(sign: .plus, exponent: to.bitWidth - 1, significand: 1)
    switch to {
    case .int2, .int4, .int8, .int16, .int32: return (-half - 0.5, half - 0.5)
    case .uint2, .uint4, .uint8, .uint16, .uint32: return (-0.5, 2 * half - 0.5)
    default: return (-.infinity, .infinity)
    }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try call.element(0)
    guard element == .float32 else {
      return try converted(call, to: .float32) { call throws(GraphError) in
        guard try call.element(0) == .float32 else { throw .unsupported(element) }
        return try kernel(call)
      }
    }
    let grid = try QuantizationGrid(try call.sizes(0), scale: try call.sizes(1), axis: axis, block: block_size, call)
    let parameters = try QuantizationParameters(call, count: grid.parameterCount)
    let (low, high) = range
    let rows = max(1, 4096 / max(grid.longestRow, 1))
    return Kernel(
      tasks: (grid.rowCount + rows - 1) / rows, scratch: parameters.scratchByteCount, overwrites: [0: 3]
    ) { frame, tasks in
      let (scales, zeros) = parameters.read(frame, to: frame.scratch)
      for index in tasks.lowerBound * rows..<min(tasks.upperBound * rows, grid.rowCount) {
        let row = grid.row(index)
        let (x, dy) = (frame.operand(0, as: Float.self) + row.start, frame.operand(3, as: Float.self) + row.start)
        let dx = frame.result(0, as: Float.self) + row.start
        for i in 0..<row.count {
          let parameter = row.parameter + i * row.step
          let place = x[i] / scales[parameter] + zeros[parameter]
          dx[i] = place >= low && place <= high ? dy[i] : 0
        }
      }
    }
  }
}
