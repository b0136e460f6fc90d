public import HoneIR

/// The cotangent of the operand of `Resize`: its interpolation transposed. Operand 0 is the result's cotangent, the others
/// are those of `Resize`.
public struct ResizeGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var antialias = false
  public var axes: [Int]?
  public var coordinate_transformation_mode = Resize.Coordinates.half_pixel
  public var cubic_coeff_a: Float = -0.75
  public var exclude_outside = false
  public var keep_aspect_ratio_policy = Resize.Policy.stretch
  public var mode = Resize.Mode.nearest
  public var nearest_mode = Resize.Rounding.round_prefer_floor
  /// The sizes of what was resized.
  public var input: [Int] = []
  public init() {}
  public init(_ op: Resize, sizes: [Int]) {
    (antialias, axes, cubic_coeff_a, exclude_outside) = (op.antialias, op.axes, op.cubic_coeff_a, op.exclude_outside)
    coordinate_transformation_mode = op.coordinate_transformation_mode
    (keep_aspect_ratio_policy, mode, nearest_mode) = (op.keep_aspect_ratio_policy, op.mode, op.nearest_mode)
    input = sizes
  }

  private var resize: Resize {
    var op = Resize()
    (op.antialias, op.axes, op.cubic_coeff_a, op.exclude_outside) = (antialias, axes, cubic_coeff_a, exclude_outside)
    op.coordinate_transformation_mode = coordinate_transformation_mode
    (op.keep_aspect_ratio_policy, op.mode, op.nearest_mode) = (keep_aspect_ratio_policy, mode, nearest_mode)
    return op
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...4)
    return [.tensor(try call.tensor(0).with(shape: input.map { Dimension($0) }))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    var forward = call
    forward.operands[0] = Operand(call.results[0])
    forward.results = [.tensor(try call.tensor(0))]
    let resize = resize
    var filters: [TransposedFilter<T>?] = []
    for axis in try resize.geometry(forward) {
      if axis.isIdentity(resize) {
        filters.append(nil)
      } else if mode == .nearest {
        filters.append(TransposedFilter(map: axis.nearest(resize), size: axis.size))
      } else {
        filters.append(TransposedFilter(try FilterTable(axis, resize), size: axis.size))
      }
    }
    return TransposedInterpolation(counts: try call.sizes(0), sizes: input, filters: filters).kernel()
  }
}
