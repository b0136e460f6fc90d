public import HoneIR

/// The largest elements of a grid of cells laid over each region of interest [batch, x1, y1, x2, y2].
public struct MaxRoiPool: ExecutableOp, RequiringOp {
  public var pooled_shape: [Int] = []
  public var spatial_scale: Float = 1
  public init() {}
  public static var required: [String] { ["pooled_shape"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let (x, rois) = (try call.tensor(0), try call.tensor(1))
    guard pooled_shape.count == 2, pooled_shape.allSatisfy({ $0 > 0 }) else {
      throw GraphError(.attribute, "pooled_shape \(pooled_shape) must be two positive sizes")
    }
    let count = rois.shape?.first ?? call.unknownSize()
    let channels = x.shape.flatMap { $0.count == 4 ? $0[1] : nil } ?? call.unknownSize()
    return [.tensor(x.with(shape: [count, channels] + pooled_shape.map { Dimension($0) }))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0, 1], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let (x, rois, y) = (try call.sizes(0), try call.sizes(1), try call.resultSizes())
    guard x.count == 4, rois.count == 2, rois[1] == 5 else {
      throw GraphError(.type, "takes [n, c, h, w] and [r, 5], has \(try call.tensor(0)) and \(try call.tensor(1))")
    }
    let scale = T(spatial_scale)
    let (channels, cells) = (x[1], y[2] * y[3])
    return Kernel(tasks: rois[0]) { frame, range in
      for i in range where i < rois[0] {
        guard let region = PooledRegion(frame.operand(1, as: T.self) + i * 5, scale: scale, image: x, cells: y) else {
          frame.fail(.indexOutOfRange)
          continue
        }
        for channel in 0..<channels {
          let plane = frame.operand(0, as: T.self) + (region.batch * channels + channel) * x[2] * x[3]
          let result = frame.result(as: T.self) + (i * channels + channel) * cells
          for cell in 0..<cells {
            let (rows, columns) = region.elements(cell)
            var largest: T = rows.isEmpty || columns.isEmpty ? 0 : -.infinity
            for row in rows { for column in columns { largest = max(largest, plane[row * x[3] + column]) } }
            result[cell] = largest
          }
        }
      }
    }
  }
}

/// One region of interest [batch, x1, y1, x2, y2], divided into cells.
struct PooledRegion<T: BinaryFloatingPoint> {
  let batch: Int
  private let start: (y: Int, x: Int)
  private let length: (y: Int, x: Int)
  private let image: (height: Int, width: Int)
  private let cells: (rows: Int, columns: Int)

  /// Nil if the region is absurdly large, not a number, or of no image.
  init?(_ roi: UnsafePointer<T>, scale: T, image: [Int], cells: [Int]) {
    let isSane = (0..<5).allSatisfy { roi[$0].isFinite && abs(roi[$0] * scale) < 1e9 }
    guard isSane, roi[0] >= 0, Int(roi[0]) < image[0] else { return nil }
    func corner(_ i: Int) -> Int { Int((roi[i] * scale).rounded()) }
    batch = Int(roi[0])
    start = (corner(2), corner(1))
    length = (max(corner(4) - start.y + 1, 1), max(corner(3) - start.x + 1, 1))
    (self.image, self.cells) = ((image[2], image[3]), (cells[2], cells[3]))
  }

  /// The rows and columns of a cell.
  func elements(_ cell: Int) -> (Range<Int>, Range<Int>) {
    func span(_ cell: Int, _ cells: Int, _ length: Int, _ start: Int, _ size: Int) -> Range<Int> {
      let step = T(length) / T(cells)
      let first = min(max(Int((T(cell) * step).rounded(.down)) + start, 0), size)
      return first..<max(first, min(max(Int((T(cell + 1) * step).rounded(.up)) + start, 0), size))
    }
    return (
      span(cell / cells.columns, cells.rows, length.y, start.y, image.height),
      span(cell % cells.columns, cells.columns, length.x, start.x, image.width)
    )
  }
}

extension MaxRoiPool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(MaxRoiPoolGradient(self), dy, node.operands[0], node.operands[1])]
  }
}
