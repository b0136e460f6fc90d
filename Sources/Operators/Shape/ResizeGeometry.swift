import HoneIR

/// How the positions of one axis of a resized array map back to the original.
struct ResizeAxis {
  var size: Int
  var count: Int
  var scale: Double
  /// The region that `tf_crop_and_resize` cuts out, as shares of the axis.
  var region: (start: Double, end: Double) = (0, 1)

  /// The exact length of the result, of which `count` is the whole part.
  private var length: Double { scale * Double(size) }

  /// The position in the original of position `i` of the result.
  func origin(_ i: Int, _ mode: Resize.Coordinates) -> Double {
    let (x, last) = (Double(i), Double(size - 1))
    switch mode {
    case .half_pixel: return (x + 0.5) / scale - 0.5
    case .half_pixel_symmetric: return Double(size) / 2 * (1 - Double(count) / length) + (x + 0.5) / scale - 0.5
    case .pytorch_half_pixel: return length == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .tf_half_pixel_for_nn: return (x + 0.5) / scale
    case .asymmetric: return x / scale
    case .align_corners: return length == 1 ? 0 : x * last / (length - 1)
    case .tf_crop_and_resize:
      let span = (region.end - region.start) * last
      let start = Double(Float(region.start) * Float(last))
      return start + (length == 1 ? span / 2 : x * span / (length - 1))
    }
  }

  /// The position in the original that each position of the result shows; −1 outside the region's image.
  func nearest(_ op: Resize) -> [Int] {
    (0..<count).map { i in
      let x = origin(i, op.coordinate_transformation_mode)
      if op.coordinate_transformation_mode == .tf_crop_and_resize, !(x >= 0 && x <= Double(size - 1)) { return -1 }
      let clamped = min(max(x, -1), Double(size))
      let rounded =
        switch op.nearest_mode {
        case .floor: clamped.rounded(.down)
        case .ceil: clamped.rounded(.up)
        case .round_prefer_floor: (clamped - 0.5).rounded(.up)
        case .round_prefer_ceil: (clamped + 0.5).rounded(.down)
        }
      return min(max(Int(rounded), 0), size - 1)
    }
  }

  /// Nothing changes along the axis.
  func isIdentity(_ op: Resize) -> Bool {
    guard size == count, abs(scale - 1) < 1e-9 else { return false }
    return op.coordinate_transformation_mode != .tf_crop_and_resize || (region.start == 0 && region.end == 1)
  }
}

/// For each position of a resized axis, the positions whose weighted sum it is.
struct FilterTable<T: BinaryFloatingPoint & Sendable>: Sendable {
  let taps: Int
  let count: Int
  /// `taps` positions each; the first is −1 where the extrapolation value goes.
  private(set) var positions: [Int] = []
  private(set) var weights: [T] = []

  init(_ axis: ResizeAxis, _ op: Resize) throws(GraphError) {
    let squeeze = op.antialias ? min(axis.scale, 1) : 1
    let radius: Double = op.mode == .cubic ? 2 : 1
    guard squeeze > 0, radius / squeeze < 1e6 else {
      throw GraphError(.unsupported, "scale \(axis.scale) is too small")
    }
    let start = Int((-radius / squeeze).rounded(.down)) + 1
    taps = 2 - 2 * start
    count = axis.count
    let cubic = CubicFilter(a: Double(op.cubic_coeff_a))
    for i in 0..<count {
      let x = axis.origin(i, op.coordinate_transformation_mode)
      let isOutside = !(x >= 0 && x <= Double(axis.size - 1))
      if op.coordinate_transformation_mode == .tf_crop_and_resize && isOutside || !(abs(x) < 1e9) {
        positions += Array(repeating: -1, count: taps)
        weights += Array(repeating: 0, count: taps)
        continue
      }
      let first = Int(x.rounded(.down)) + start
      var row = (first..<first + taps).map { position in
        let distance = (Double(position) - x) * squeeze
        return op.mode == .cubic ? cubic(distance) : max(1 - abs(distance), 0)
      }
      if op.antialias { row = Self.normalized(row) }
      if op.exclude_outside {
        for tap in row.indices where first + tap < 0 || first + tap >= axis.size { row[tap] = 0 }
        row = Self.normalized(row)
      }
      positions += (first..<first + taps).map { min(max($0, 0), axis.size - 1) }
      weights += row.map { T($0) }
    }
  }

  private static func normalized(_ row: [Double]) -> [Double] {
    let sum = row.reduce(0, +)
    return sum == 0 ? row : row.map { $0 / sum }
  }
}
