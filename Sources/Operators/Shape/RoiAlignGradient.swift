public import HoneIR

/// The cotangent of the image of `RoiAlign`; operand 0 is the result's cotangent, the others are those of `RoiAlign`.
/// Regions have none.
public struct RoiAlignGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var coordinate_transformation_mode = RoiAlign.Coordinates.half_pixel
  public var mode = RoiAlign.Mode.avg
  public var sampling_ratio = 0
  public var spatial_scale: Float = 1
  public init() {}
  public init(_ op: RoiAlign) {
    (coordinate_transformation_mode, mode) = (op.coordinate_transformation_mode, op.mode)
    (sampling_ratio, spatial_scale) = (op.sampling_ratio, op.spatial_scale)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(4...4)
    return [.tensor(try call.tensor(1))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(1).interpolationType
    if let staged = try StagedElements(call, operands: [0, 1, 2], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let (y, x) = (try call.sizes(0), try call.sizes(1))
    let reader = try IndexReader(call.element(3))
    var op = RoiAlign()
    (op.coordinate_transformation_mode, op.mode) = (coordinate_transformation_mode, mode)
    (op.sampling_ratio, op.spatial_scale) = (sampling_ratio, spatial_scale)
    (op.output_height, op.output_width) = (y[2], y[3])
    let (align, channels, length, cells) = (op, x[1], x[2] * x[3], y[2] * y[3])
    // Regions overlap; channels do not.
    return Kernel(tasks: channels) { frame, range in
      for channel in range where channel < channels {
        for batch in 0..<x[0] {
          (frame.result(as: T.self) + (batch * channels + channel) * length).update(repeating: 0, count: length)
        }
        for i in 0..<y[0] {
          guard let batch = reader.read(frame.operandBytes(3), i, size: x[0]),
            let grid = RegionGrid(align, frame.operand(2, as: T.self) + 4 * i, height: x[2], width: x[3])
          else {
            frame.fail(.indexOutOfRange)
            continue
          }
          let plane = (batch * channels + channel) * length
          let dy = frame.operand(0, as: T.self) + (i * channels + channel) * cells
          for cell in 0..<cells {
            grid.spread(
              dy[cell], frame.operand(1, as: T.self) + plane, frame.result(as: T.self) + plane, cell / y[3],
              cell % y[3], align.mode)
          }
        }
      }
    }
  }
}
