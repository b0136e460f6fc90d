public import HoneIR

/// The operand scaled along its axes, by `scales` or to `sizes`.
public struct Resize: MovementOp, UpgradableOp {
  public enum Mode: String, Codable, Sendable { case nearest, linear, cubic }
  public enum Rounding: String, Codable, Sendable { case round_prefer_floor, round_prefer_ceil, floor, ceil }
  public enum Policy: String, Codable, Sendable { case stretch, not_larger, not_smaller }
  public enum Coordinates: String, Codable, Sendable {
    case half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_crop_and_resize
    /// Only in opset 11.
    case tf_half_pixel_for_nn
  }
  public var antialias = false
  public var axes: [Int]?
  public var coordinate_transformation_mode = Coordinates.half_pixel
  public var cubic_coeff_a: Float = -0.75
  public var exclude_outside = false
  public var extrapolation_value: Float = 0
  public var keep_aspect_ratio_policy = Policy.stretch
  public var mode = Mode.nearest
  public var nearest_mode = Rounding.round_prefer_floor
  public init() {}
  public static var since: Int { 11 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 11 { Upsample.modernize(&node) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...4)
    let x = try call.tensor(0)
    guard let shape = x.shape else { return [.tensor(x)] }
    let axes = try call.axes(axes ?? Array(0..<shape.count), rank: shape.count)
    var result = shape
    if try isGiven(call, 3) {
      let sizes = call.symbolic(3)
      if let sizes, sizes.count != axes.count { throw GraphError(.type, "\(sizes.count) sizes for \(axes.count) axes") }
      let kept = try commonScale(sizes, axes.map { shape[$0] })
      for (i, axis) in axes.enumerated() {
        if keep_aspect_ratio_policy == .stretch {
          result[axis] = sizes?[i] ?? call.unknownSize()
        } else if let kept, let size = shape[axis].size {
          result[axis] = Dimension(Int((kept * Double(size) + 0.5).rounded(.down)))
        } else {
          result[axis] = call.unknownSize()
        }
      }
    } else {
      let scales = try scales(call, axes.count)
      for (i, axis) in axes.enumerated() {
        result[axis] = scales.flatMap { Self.scaled(shape[axis], $0[i]) } ?? call.unknownSize()
      }
    }
    return [.tensor(x.with(shape: try checked(result)))]
  }

  /// Operand `i` is there and not empty.
  private func isGiven(_ call: Call, _ i: Int) throws(GraphError) -> Bool {
    guard call.has(i) else { return false }
    return try call.shape(i)?.first?.size != 0
  }

  private func scales(_ call: Call, _ count: Int) throws(GraphError) -> [Float]? {
    guard try isGiven(call, 2) else { throw GraphError(.arity, "has neither scales nor sizes") }
    guard let scales = call.known(2)?.floats else { return nil }
    guard scales.count == count, scales.allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
      throw GraphError(.input, "scales \(scales) do not fit \(count) axes")
    }
    return scales
  }

  /// The one scale of all axes that keeps the aspect ratio.
  private func commonScale(_ sizes: [Dimension]?, _ shape: [Dimension]) throws(GraphError) -> Double? {
    guard let sizes, keep_aspect_ratio_policy != .stretch else { return nil }
    var ratios: [Double] = []
    for (wanted, size) in zip(sizes, shape) {
      guard let wanted = wanted.size, let size = size.size, size > 0 else { return nil }
      ratios.append(Double(wanted) / Double(size))
    }
    return keep_aspect_ratio_policy == .not_larger ? ratios.min() : ratios.max()
  }

  private static func scaled(_ size: Dimension, _ scale: Float) -> Dimension? {
    if scale == 1 { return size }
    if let size = size.size { return size < 1 << 24 ? Dimension(Int((Float(size) * scale).rounded(.down))) : nil }
    if scale == scale.rounded() { return size * Dimension(Int(scale)) }
    let inverse = (1 / scale).rounded()
    return 1 / inverse == scale ? size / Dimension(Int(inverse)) : nil
  }

  /// How each axis of the operand is resized.
  func geometry(_ call: Call) throws(GraphError) -> [ResizeAxis] {
    let (x, y) = (try call.sizes(0), try call.resultSizes())
    let axes = try call.axes(axes ?? Array(0..<x.count), rank: x.count)
    var geometry = zip(x, y).map { ResizeAxis(size: $0, count: $1, scale: 1) }
    let bySizes = try isGiven(call, 3)
    let scales = bySizes ? nil : try scales(call, axes.count)
    let kept =
      bySizes
      ? try commonScale(call.requireIntegers(3, "the sizes").map { Dimension($0) }, axes.map { Dimension(x[$0]) }) : nil
    if !bySizes && scales == nil { throw GraphError(.dataDependent, "the scales depend on data") }
    var region: [Double] = []
    if coordinate_transformation_mode == .tf_crop_and_resize {
      region = try call.requireKnown(1, "the region").doubles
      guard region.count == 2 * axes.count, region.allSatisfy(\.isFinite) else {
        throw GraphError(.type, "the region has \(region.count) numbers for \(axes.count) axes")
      }
    }
    for (i, axis) in axes.enumerated() {
      guard x[axis] > 0 || y[axis] == 0 else { throw GraphError(.type, "an empty axis cannot be resized") }
      geometry[axis].scale = scales.map { Double($0[i]) } ?? kept ?? Double(y[axis]) / Double(max(x[axis], 1))
      if !region.isEmpty { geometry[axis].region = (region[i], region[axes.count + i]) }
    }
    return geometry
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let geometry = try geometry(call)
    let sizes = geometry.map(\.size)
    if mode != .nearest { return try interpolation(call, geometry) }
    let maps = geometry.map { $0.isIdentity(self) ? nil : $0.nearest(self) }
    var fill = (UInt64(0), UInt64(0))
    let element = try call.element(0)
    if coordinate_transformation_mode == .tf_crop_and_resize && extrapolation_value != 0 {
      guard NumberReader.reads(element) else { throw GraphError(.unsupported, "extrapolation of \(element.rawValue)") }
      withUnsafeMutableBytes(of: &fill) { NumberReader.store(Double(extrapolation_value), $0.baseAddress!, 0, element) }
    }
    return MappedCopy(sizes, maps: maps, width: element.byteWidth).kernel(fill: fill)
  }

  private func interpolation(_ call: Call, _ geometry: [ResizeAxis]) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0], computingIn: type) {
      return staged.kernel(try interpolation(staged.call, geometry))
    }
    return type == .float64
      ? try Interpolation<Double>(self, geometry).kernel() : try Interpolation<Float>(self, geometry).kernel()
  }
}

extension Resize: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let gradient = ResizeGradient(self, sizes: try g.sizes(of: node.operands[0]!))
    return [try g.apply(gradient, [dy] + node.operands.dropFirst(), resultCount: 1)[0]]
  }
}
