public import HoneIR

/// The cotangent of the image of `MaxRoiPool`: that of each cell goes to its first largest element. Operand 0 is the
/// result's cotangent, the others are those of `MaxRoiPool`.
public struct MaxRoiPoolGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var spatial_scale: Float = 1
  public init() {}
  public init(_ op: MaxRoiPool) { spatial_scale = op.spatial_scale }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
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
    let scale = T(spatial_scale)
    let (channels, length, cells) = (x[1], x[2] * x[3], y[2] * y[3])
    // Regions overlap; channels do not.
    return Kernel(tasks: channels) { frame, range in
      for channel in range where channel < channels {
        for batch in 0..<x[0] {
          (frame.result(as: T.self) + (batch * channels + channel) * length).update(repeating: 0, count: length)
        }
        for i in 0..<y[0] {
          guard let region = PooledRegion(frame.operand(2, as: T.self) + i * 5, scale: scale, image: x, cells: y) else {
            frame.fail(.indexOutOfRange)
            continue
          }
          let offset = (region.batch * channels + channel) * length
          let (plane, dx) = (frame.operand(1, as: T.self) + offset, frame.result(as: T.self) + offset)
          for cell in 0..<cells {
            let (rows, columns) = region.elements(cell)
            guard let top = rows.first, let left = columns.first else { continue }
            var best = top * x[3] + left
            for row in rows {
              for column in columns where plane[row * x[3] + column] > plane[best] { best = row * x[3] + column }
            }
            dx[best] += frame.operand(0, as: T.self)[(i * channels + channel) * cells + cell]
          }
        }
      }
    }
  }
}
