internal import CKernels

/// Normalization of the columns of `rows` × `columns` over all rows, as batch normalization does over channels-last data:
/// y = clip(weight · (x − mean) / √(variance + epsilon) + bias + residual), and its gradients.
///
/// Rows are cut into parts whose moments and sums are made apart and joined in a fixed order (Chan, Golub and LeVeque,
/// 1983), so that results do not depend on the number of threads.
public struct ColumnNormalization: Sendable {
  public let rows: Int
  public let columns: Int
  public let low: Float
  public let high: Float
  public let epsilon: Float
  public let instructionSet: InstructionSet
  private let slices: Int
  private let rowsPerSlice: Int
  private let partsPerSlice: Int
  private let rowsPerPart: Int
  private var partCount: Int { slices * partsPerSlice }
  private static let elementsPerPart = 8 * 1024..<64 * 1024
  private static let usualParts = 32

  /// Values outside `low`…`high` are clipped. Tasks come in `slices` equal runs of as many rows each, which divide all rows.
  public init(
    rows: Int, columns: Int, epsilon: Float, low: Float = -.infinity, high: Float = .infinity, slices: Int = 1,
    instructionSet: InstructionSet = .current
  ) {
    precondition(rows % slices == 0, "slices of equal rows")
    (self.rows, self.columns, self.epsilon, self.low, self.high) = (rows, columns, epsilon, low, high)
    self.instructionSet = instructionSet
    let length = Self.elementsPerPart
    let elements = min(max(rows * columns / Self.usualParts, length.lowerBound), length.upperBound)
    self.slices = slices
    rowsPerSlice = rows / slices
    let parts = dividedUp(rowsPerSlice, by: max(1, min(rowsPerSlice, elements / max(columns, 1))))
    rowsPerPart = dividedUp(rowsPerSlice, by: parts > 1 && slices == 1 ? roundedUp(parts, to: 4) : max(parts, 1))
    partsPerSlice = dividedUp(rowsPerSlice, by: max(rowsPerPart, 1))
  }

  public var taskCount: Int { partCount }
  /// Two sums per part and column, and two coefficients per column.
  public var workspaceByteCount: Int { (partCount * 2 + 2) * paddedColumns * 4 }
  private var paddedColumns: Int { roundedUp(columns, to: 16) }
  private func part(_ task: Int) -> Range<Int> {
    let (slice, part) = task.quotientAndRemainder(dividingBy: partsPerSlice)
    let first = slice * rowsPerSlice
    return first + part * rowsPerPart..<first + min(rowsPerSlice, (part + 1) * rowsPerPart)
  }
  private func partial(_ workspace: UnsafeMutableRawPointer, _ task: Int, _ which: Int) -> UnsafeMutablePointer<Float> {
    workspace.assumingMemoryBound(to: Float.self) + (task * 2 + which) * paddedColumns
  }
  private func coefficients(_ workspace: UnsafeMutableRawPointer, _ which: Int) -> UnsafeMutablePointer<Float> {
    partial(workspace, partCount, which)
  }

  // MARK: Forward

  /// Moments of the rows of `tasks`.
  public func moments(tasks: Range<Int>, x: UnsafePointer<Float>, workspace: UnsafeMutableRawPointer) {
    for task in tasks {
      let rows = part(task)
      var arguments = ColumnMomentsF32(
        x: x + rows.lowerBound * columns, stride: columns, rows: rows.count, columns: columns,
        mean: partial(workspace, task, 0), deviation: partial(workspace, task, 1))
      instructionSet.table.pointee.column_moments_f32(&arguments)
    }
  }

  private static let columnsPerJoin = 64
  /// Tasks of the two joins, each of some columns.
  public var joinTaskCount: Int { dividedUp(columns, by: Self.columnsPerJoin) }

  /// The columns of `tasks`, 16 at a time, of which the last may lie behind the end.
  private func blocks(_ tasks: Range<Int>) -> StrideTo<Int> {
    let end = min(columns, tasks.upperBound * Self.columnsPerJoin)
    return stride(from: tasks.lowerBound * Self.columnsPerJoin, to: end, by: 16)
  }

  private func sixteen(_ workspace: UnsafeMutableRawPointer, _ task: Int, _ which: Int, _ column: Int) -> SIMD16<Double>
  {
    SIMD16(UnsafeRawPointer(partial(workspace, task, which) + column).loadUnaligned(as: SIMD16<Float>.self))
  }

  /// Joins the parts to the mean and the inverse standard deviation, and hands the mean and the population variance to `body`.
  public func join(
    tasks: Range<Int>, workspace: UnsafeMutableRawPointer, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    mean: UnsafeMutablePointer<Float>?, inverse: UnsafeMutablePointer<Float>?,
    moments body: (Int, _ mean: Float, _ variance: Float) -> Void
  ) {
    let (scale, shift) = (coefficients(workspace, 0), coefficients(workspace, 1))
    for first in blocks(tasks) {
      var (sum, deviation) = (SIMD16<Double>(repeating: 0), SIMD16<Double>(repeating: 0))
      for task in 0..<partCount { sum += sixteen(workspace, task, 0, first) * Double(part(task).count) }
      let average = sum / Double(rows)
      for task in 0..<partCount {
        let delta = sixteen(workspace, task, 0, first) - average
        deviation += sixteen(workspace, task, 1, first) + delta * delta * Double(part(task).count)
      }
      let variance = deviation / Double(rows)
      let factor = 1 / (variance + Double(epsilon)).squareRoot()
      for i in 0..<min(16, columns - first) {
        let c = first + i
        mean?[c] = Float(average[i])
        inverse?[c] = Float(factor[i])
        scale[c] = weight[c] * Float(factor[i])
        shift[c] = bias[c] - Float(average[i]) * scale[c]
        body(c, Float(average[i]), Float(variance[i]))
      }
    }
  }

  /// Makes ready for `scale` what `join` makes ready, from its mean and inverse standard deviation.
  public func prepare(
    workspace: UnsafeMutableRawPointer, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    mean: UnsafePointer<Float>, inverse: UnsafePointer<Float>
  ) {
    let (scale, shift) = (coefficients(workspace, 0), coefficients(workspace, 1))
    for c in 0..<columns {
      scale[c] = weight[c] * inverse[c]
      shift[c] = bias[c] - mean[c] * scale[c]
    }
  }

  /// y of the rows of `tasks`.
  public func scale(
    tasks: Range<Int>, x: UnsafePointer<Float>, residual: UnsafePointer<Float>?, workspace: UnsafeMutableRawPointer,
    y: UnsafeMutablePointer<Float>
  ) {
    for task in tasks {
      let rows = part(task), first = rows.lowerBound * columns
      var arguments = ColumnScaleF32(
        x: x + first, residual: residual.map { $0 + first }, scale: coefficients(workspace, 0),
        shift: coefficients(workspace, 1), y: y + first, rows: rows.count, columns: columns, low: low, high: high)
      instructionSet.table.pointee.column_scale_f32(&arguments)
    }
  }

  // MARK: Backward

  /// The operands of the forward pass, and dy.
  public struct Operands {
    public var x, dy, weight, bias, mean, inverse: UnsafePointer<Float>
    public var residual: UnsafePointer<Float>?
    public init(
      x: UnsafePointer<Float>, dy: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
      mean: UnsafePointer<Float>, inverse: UnsafePointer<Float>, residual: UnsafePointer<Float>?
    ) {
      (self.x, self.dy, self.weight, self.bias) = (x, dy, weight, bias)
      (self.mean, self.inverse, self.residual) = (mean, inverse, residual)
    }
  }

  /// Bytes of scratch per thread for the coefficients of the forward pass.
  public var scratchByteCount: Int { 2 * paddedColumns * 4 }

  private func forward(_ o: Operands, _ scratch: UnsafeMutableRawPointer) -> (
    scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>
  ) {
    let scale = scratch.assumingMemoryBound(to: Float.self), shift = scale + paddedColumns
    for c in 0..<columns {
      scale[c] = o.weight[c] * o.inverse[c]
      shift[c] = o.bias[c] - o.mean[c] * scale[c]
    }
    return (scale, shift)
  }

  /// Sums of the rows of `tasks`.
  public func gradientSums(
    tasks: Range<Int>, _ o: Operands, workspace: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let (scale, shift) = forward(o, scratch)
    for task in tasks {
      let rows = part(task), first = rows.lowerBound * columns
      let (sum, product) = (partial(workspace, task, 0), partial(workspace, task, 1))
      sum.update(repeating: 0, count: columns)
      product.update(repeating: 0, count: columns)
      var arguments = ColumnGradientF32(
        x: o.x + first, dy: o.dy + first, residual: o.residual.map { $0 + first }, scale: scale, shift: shift,
        rows: rows.count, columns: columns, low: low, high: high, mean: o.mean, sum: sum, product: product,
        factor: nil, offset: nil, dx: nil, dz: nil)
      instructionSet.table.pointee.column_gradient_sums_f32(&arguments)
    }
  }

  /// Joins the sums to the gradients of weight and bias.
  public func joinGradients(
    tasks: Range<Int>, _ o: Operands, workspace: UnsafeMutableRawPointer, dWeight: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>
  ) {
    let (factor, offset) = (coefficients(workspace, 0), coefficients(workspace, 1))
    let n = Double(rows)
    for first in blocks(tasks) {
      var (sums, products) = (SIMD16<Double>(repeating: 0), SIMD16<Double>(repeating: 0))
      for task in 0..<partCount {
        sums += sixteen(workspace, task, 0, first)
        products += sixteen(workspace, task, 1, first)
      }
      for i in 0..<min(16, columns - first) {
        let c = first + i
        let inverse = Double(o.inverse[c]), scale = Double(o.weight[c]) * inverse
        dBias[c] = Float(sums[i])
        dWeight[c] = Float(products[i] * inverse)
        // dx = scale · (dz − Σdz/n − (x − mean) · inverse² · Σdz(x − mean)/n)
        let slope = -scale * inverse * inverse * products[i] / n
        factor[c] = Float(slope)
        offset[c] = Float(-scale * sums[i] / n)
      }
    }
  }

  /// dx of the rows of `tasks`, and the residual's gradient where it is wanted.
  public func gradient(
    tasks: Range<Int>, _ o: Operands, workspace: UnsafeMutableRawPointer, dx: UnsafeMutablePointer<Float>,
    dResidual: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer
  ) {
    let (scale, shift) = forward(o, scratch)
    for task in tasks {
      let rows = part(task), first = rows.lowerBound * columns
      var arguments = ColumnGradientF32(
        x: o.x + first, dy: o.dy + first, residual: o.residual.map { $0 + first }, scale: scale, shift: shift,
        rows: rows.count, columns: columns, low: low, high: high, mean: o.mean, sum: nil, product: nil,
        factor: coefficients(workspace, 0), offset: coefficients(workspace, 1), dx: dx + first,
        dz: dResidual.map { $0 + first })
      instructionSet.table.pointee.column_gradient_f32(&arguments)
    }
  }
}
