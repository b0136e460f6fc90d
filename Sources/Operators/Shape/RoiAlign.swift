public import HoneIR

/// Averages, or maxima, of interpolated samples in a grid of cells laid over each region of interest [x1, y1, x2, y2].
public struct RoiAlign: ExecutableOp, UpgradableOp {
  public enum Mode: String, Codable, Sendable { case avg, max }
  public enum Coordinates: String, Codable, Sendable { case half_pixel, output_half_pixel }
  public var coordinate_transformation_mode = Coordinates.half_pixel
  public var mode = Mode.avg
  public var output_height = 1
  public var output_width = 1
  public var sampling_ratio = 0
  public var spatial_scale: Float = 1
  public init() {}
  public static var since: Int { 10 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 16 {
      node.attributes["coordinate_transformation_mode"] = .string(Coordinates.output_half_pixel.rawValue)
    }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    let x = try call.tensor(0)
    let (rois, batches) = (try call.shape(1), try call.shape(2))
    let count = rois?.first ?? batches?.first ?? call.unknownSize()
    let channels = x.shape.flatMap { $0.count == 4 ? $0[1] : nil } ?? call.unknownSize()
    guard output_height > 0, output_width > 0, (0...10_000).contains(sampling_ratio) else {
      throw GraphError(.attribute, "\(output_height)×\(output_width) cells of \(sampling_ratio) samples")
    }
    return [.tensor(x.with(shape: [count, channels, Dimension(output_height), Dimension(output_width)]))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0, 1], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let (x, rois) = (try call.sizes(0), try call.sizes(1))
    guard x.count == 4, rois.count == 2, rois[1] == 4, try call.sizes(2) == [rois[0]] else {
      throw GraphError(.type, "takes [n, c, h, w], [r, 4] and [r], has \(try (0..<3).map(call.tensor))")
    }
    let reader = try IndexReader(call.element(2))
    let (op, channels, cells) = (self, x[1], output_height * output_width)
    return Kernel(tasks: rois[0]) { frame, range in
      for i in range where i < rois[0] {
        guard let batch = reader.read(frame.operandBytes(2), i, size: x[0]),
          let grid = RegionGrid(op, frame.operand(1, as: T.self) + 4 * i, height: x[2], width: x[3])
        else {
          frame.fail(.indexOutOfRange)
          continue
        }
        for channel in 0..<channels {
          let plane = frame.operand(0, as: T.self) + (batch * channels + channel) * x[2] * x[3]
          let y = frame.result(as: T.self) + (i * channels + channel) * cells
          for cell in 0..<cells {
            y[cell] = grid.pooled(plane, cell / op.output_width, cell % op.output_width, op.mode)
          }
        }
      }
    }
  }
}

/// The samples of one region of interest.
struct RegionGrid<T: BinaryFloatingPoint> {
  private let start: (y: T, x: T)
  private let cell: (y: T, x: T)
  private let samples: (y: Int, x: Int)
  private let height: Int
  private let width: Int

  /// Nil if the region is absurdly large or not a number.
  init?(_ op: RoiAlign, _ roi: UnsafePointer<T>, height: Int, width: Int) {
    let offset: T = op.coordinate_transformation_mode == .half_pixel ? 0.5 : 0
    func corner(_ i: Int) -> T { roi[i] * T(op.spatial_scale) - offset }
    start = (corner(1), corner(0))
    var size = (y: corner(3) - corner(1), x: corner(2) - corner(0))
    if op.coordinate_transformation_mode == .output_half_pixel { size = (max(size.y, 1), max(size.x, 1)) }
    cell = (size.y / T(op.output_height), size.x / T(op.output_width))
    guard abs(cell.y) < 1e4, abs(cell.x) < 1e4, abs(start.y) < 1e9, abs(start.x) < 1e9 else { return nil }
    let ratio = op.sampling_ratio
    samples = (
      ratio > 0 ? ratio : max(Int(cell.y.rounded(.up)), 0), ratio > 0 ? ratio : max(Int(cell.x.rounded(.up)), 0)
    )
    (self.height, self.width) = (height, width)
  }

  func pooled(_ plane: UnsafePointer<T>, _ row: Int, _ column: Int, _ mode: RoiAlign.Mode) -> T {
    var result: T = 0
    for i in 0..<samples.y {
      let y = start.y + (T(row) + (T(i) + 0.5) / T(samples.y)) * cell.y
      for j in 0..<samples.x {
        let x = start.x + (T(column) + (T(j) + 0.5) / T(samples.x)) * cell.x
        let parts = parts(plane, y, x)
        switch mode {
        case .avg: result += parts.0 + parts.1 + parts.2 + parts.3
        case .max:
          let largest = max(max(parts.0, parts.1), max(parts.2, parts.3))
          result = i == 0 && j == 0 ? largest : max(result, largest)
        }
      }
    }
    return mode == .avg ? result / T(max(samples.y * samples.x, 1)) : result
  }

  /// Gives the cotangent `dy` of a cell back to the elements of `target` that the cell was pooled from.
  func spread(
    _ dy: T, _ plane: UnsafePointer<T>, _ target: UnsafeMutablePointer<T>, _ row: Int, _ column: Int,
    _ mode: RoiAlign.Mode
  ) {
    var best: (value: T, offset: Int, weight: T)?
    let share = dy / T(max(samples.y * samples.x, 1))
    for i in 0..<samples.y {
      let y = start.y + (T(row) + (T(i) + 0.5) / T(samples.y)) * cell.y
      for j in 0..<samples.x {
        let x = start.x + (T(column) + (T(j) + 0.5) / T(samples.x)) * cell.x
        for (offset, weight) in neighbours(y, x) {
          if mode == .avg {
            target[offset] += weight * share
          } else if best.map({ plane[offset] * weight > $0.value }) ?? true {
            best = (plane[offset] * weight, offset, weight)
          }
        }
      }
    }
    if let best, mode == .max { target[best.offset] += best.weight * dy }
  }

  /// The four neighbours of a position and their weights, which are 0 outside.
  private func neighbours(_ y: T, _ x: T) -> [(offset: Int, weight: T)] {
    if y < -1 || y > T(height) || x < -1 || x > T(width) || height == 0 || width == 0 {
      return [(0, 0), (0, 0), (0, 0), (0, 0)]
    }
    let (y, x) = (min(max(y, 0), T(height - 1)), min(max(x, 0), T(width - 1)))
    let (top, left) = (Int(y), Int(x))
    let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
    let (v, u) = (y - T(top), x - T(left))
    return [
      (top * width + left, (1 - v) * (1 - u)), (top * width + right, (1 - v) * u),
      (bottom * width + left, v * (1 - u)), (bottom * width + right, v * u),
    ]
  }

  /// The four neighbours of a position, weighted.
  private func parts(_ plane: UnsafePointer<T>, _ y: T, _ x: T) -> (T, T, T, T) {
    if y < -1 || y > T(height) || x < -1 || x > T(width) || height == 0 || width == 0 { return (0, 0, 0, 0) }
    let (y, x) = (min(max(y, 0), T(height - 1)), min(max(x, 0), T(width - 1)))
    let (top, left) = (Int(y), Int(x))
    let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
    let (v, u) = (y - T(top), x - T(left))
    return (
      (1 - v) * (1 - u) * plane[top * width + left], (1 - v) * u * plane[top * width + right],
      v * (1 - u) * plane[bottom * width + left], v * u * plane[bottom * width + right]
    )
  }
}

extension RoiAlign: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(RoiAlignGradient(self), dy, node.operands[0], node.operands[1], node.operands[2])]
  }
}
