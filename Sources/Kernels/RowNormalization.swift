internal import CKernels

/// A plan for y = (x + residual − mean) / √(variance + epsilon) · scale + bias over rows of [rows, columns].
public struct RowNormalization: Sendable {
  public enum Kind: Sendable, Hashable {
    /// One scale and bias per column.
    case layer
    /// As layer, with mean 0 and the mean square for the variance.
    case rootMeanSquare
    /// One scale and bias per row, repeated every `channels` rows: instance and group normalization.
    case instance(channels: Int)
  }

  public let rows: Int
  public let columns: Int
  public let kind: Kind
  public let epsilon: Float
  public let instructionSet: InstructionSet
  private let rowsPerTask: Int

  public init(rows: Int, columns: Int, kind: Kind, epsilon: Float, instructionSet: InstructionSet = .current) {
    (self.rows, self.columns, self.kind, self.epsilon) = (rows, columns, kind, epsilon)
    self.instructionSet = instructionSet
    rowsPerTask = max(1, min(rows, 16 * 1024 / max(1, columns)))
  }

  public var taskCount: Int { columns == 0 ? 0 : dividedUp(rows, by: rowsPerTask) }

  /// What a normalization reads and writes beside x and y; all optional.
  public struct Operands {
    public var scale: UnsafePointer<Float>?
    public var bias: UnsafePointer<Float>?
    /// Added to x first; dense rows.
    public var residual: UnsafePointer<Float>?
    /// Receives x + residual.
    public var sum: UnsafeMutablePointer<Float>?
    /// Receive one value per row.
    public var mean: UnsafeMutablePointer<Float>?
    public var inverseDeviation: UnsafeMutablePointer<Float>?

    public init(
      scale: UnsafePointer<Float>? = nil, bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil,
      sum: UnsafeMutablePointer<Float>? = nil, mean: UnsafeMutablePointer<Float>? = nil,
      inverseDeviation: UnsafeMutablePointer<Float>? = nil
    ) {
      (self.scale, self.bias, self.residual, self.sum) = (scale, bias, residual, sum)
      (self.mean, self.inverseDeviation) = (mean, inverseDeviation)
    }
  }

  /// Runs `tasks`; y may be x.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, operands: Operands = Operands()
  ) {
    let first = tasks.lowerBound * rowsPerTask
    let last = min(rows, tasks.upperBound * rowsPerTask)
    guard first < last else { return }
    let offset = first * columns
    var arguments = Normalize(
      x: x + offset, x_stride: columns, y: y + offset, y_stride: columns, rows: last - first, columns: columns,
      epsilon: epsilon, scale: operands.scale, bias: operands.bias, channels: 0, first_channel: 0,
      root_mean_square: kind == .rootMeanSquare ? 1 : 0, residual: operands.residual.map { $0 + offset },
      residual_stride: columns, sum: operands.sum.map { $0 + offset }, mean: operands.mean.map { $0 + first },
      inverse_deviation: operands.inverseDeviation.map { $0 + first })
    if case .instance(let channels) = kind {
      (arguments.channels, arguments.first_channel) = (channels, first % channels)
    }
    instructionSet.table.pointee.normalize_f32(&arguments)
  }
}
