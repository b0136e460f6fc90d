internal import CKernels

/// A plan for y = softmax(scale · x + mask), or its logarithm, over the middle axis of [outer, count, inner].
public struct RowSoftmax: Sendable {
  public let outer: Int
  public let count: Int
  public let inner: Int
  public let scale: Float
  public let logarithm: Bool
  public let instructionSet: InstructionSet
  private let rowsPerTask: Int

  /// A scale and a mask need `inner` 1.
  public init(
    outer: Int, count: Int, inner: Int = 1, scale: Float = 1, logarithm: Bool = false,
    instructionSet: InstructionSet = .current
  ) {
    precondition(inner == 1 || scale == 1, "only the last axis is scaled")
    (self.outer, self.count, self.inner, self.scale, self.logarithm) = (outer, count, inner, scale, logarithm)
    self.instructionSet = instructionSet
    rowsPerTask = max(1, min(outer, 16 * 1024 / max(1, count * inner)))
  }

  public var taskCount: Int { count * inner == 0 ? 0 : dividedUp(outer, by: rowsPerTask) }

  /// Runs `tasks`; y may be x. The mask is added to the scaled rows; `maskStride` 0 shares one row of it.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, mask: UnsafePointer<Float>? = nil,
    maskStride: Int = 0
  ) {
    precondition(mask == nil || inner == 1, "only the last axis is masked")
    let rows = tasks.lowerBound * rowsPerTask..<min(outer, tasks.upperBound * rowsPerTask)
    guard inner == 1 else {
      for row in rows {
        let offset = row * count * inner
        var arguments = SoftmaxAcross(
          x: x + offset, y: y + offset, count: count, inner: inner, begin: 0, end: inner,
          logarithm: logarithm ? 1 : 0)
        instructionSet.table.pointee.softmax_across_f32(&arguments)
      }
      return
    }
    let offset = rows.lowerBound * count
    var arguments = CKernels.Softmax(
      x: x + offset, x_stride: count, y: y + offset, y_stride: count, rows: rows.count, columns: count, scale: scale,
      mask: mask.map { $0 + rows.lowerBound * maskStride }, mask_stride: maskStride, logarithm: logarithm ? 1 : 0)
    instructionSet.table.pointee.softmax_f32(&arguments)
  }
}
