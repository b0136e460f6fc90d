internal import CKernels

/// A plan for layer normalization of bfloat16 rows, all arithmetic in fp32:
/// s = x + skip + bias, y = (s − mean(s)) / √(variance(s) + epsilon) · scale + shift, or, of a root mean square,
/// y = s / √(mean(s²) + epsilon) · scale + shift.
public struct BFloat16Normalization: Sendable {
  public let rows: Int
  public let count: Int
  public let epsilon: Float
  public let isRootMeanSquare: Bool
  public let instructionSet: InstructionSet

  public init(
    rows: Int, count: Int, epsilon: Float, isRootMeanSquare: Bool = false, instructionSet: InstructionSet = .current
  ) {
    (self.rows, self.count, self.epsilon, self.instructionSet) = (rows, count, epsilon, instructionSet)
    self.isRootMeanSquare = isRootMeanSquare
  }

  private var rowsPerTask: Int { max(1, min(rows, 8192 / max(count, 1))) }
  public var taskCount: Int { dividedUp(rows, by: rowsPerTask) }
  /// Bytes of scratch per thread, aligned to 64.
  public var scratchByteCount: Int { roundedUp(count * 4, to: 64) }

  /// Runs `tasks`; `sum`, where given, becomes s.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<UInt16>, skip: UnsafePointer<UInt16>? = nil, bias: UnsafePointer<Float>? = nil,
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>? = nil, y: UnsafeMutablePointer<UInt16>,
    sum: UnsafeMutablePointer<UInt16>? = nil, scratch: UnsafeMutableRawPointer
  ) {
    for row in tasks.lowerBound * rowsPerTask..<min(rows, tasks.upperBound * rowsPerTask) {
      let start = row * count
      var arguments = LayerNormalBF16(
        x: x + start, skip: skip.map { $0 + start }, bias: bias, scale: scale, shift: shift, n: count,
        epsilon: epsilon, is_root_mean_square: isRootMeanSquare ? 1 : 0,
        row: scratch.assumingMemoryBound(to: Float.self), y: y + start, sum: sum.map { $0 + start })
      instructionSet.table.pointee.layer_normal_bf16(&arguments)
    }
  }
}
