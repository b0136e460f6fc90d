internal import CKernels

/// How arrays that broadcast to one shape are walked: neighbouring axes are merged, the innermost is a row in which
/// each operand either advances or repeats one element.
///
/// Work comes in `taskCount` tasks of about `grain` elements; any ranges of them may run on different threads.
public struct ElementwiseLoop: Sendable {
  public static let grain = 16 * 1024

  /// One merged axis: its size and each operand's distance in elements.
  struct Axis: Sendable, Equatable {
    var size: Int
    var strides: [Int]
  }

  let operandCount: Int
  /// Axes around rows, outermost first.
  let outer: [Axis]
  /// Rows that one call of a kernel covers, and the operands' distances between them.
  let rows: Axis
  let row: Axis
  let rowCount: Int
  /// Pieces that a long row is divided into.
  let pieces: Int
  let rowsPerTask: Int
  public let taskCount: Int

  /// A loop over `sizes`, dense in the result; `strides[i]` are operand i's, 0 along axes that repeat.
  public init(sizes: [Int], strides: [[Int]], grain: Int = Self.grain) {
    operandCount = strides.count
    var axes = Self.merged(sizes: sizes, strides: strides)
    row = axes.popLast() ?? Axis(size: 1, strides: strides.map { _ in 0 })
    rows = axes.popLast() ?? Axis(size: 1, strides: strides.map { _ in 0 })
    outer = axes
    rowCount = row.size == 0 ? 0 : axes.reduce(rows.size) { $0 * $1.size }
    pieces = max(1, (row.size + grain - 1) / grain)
    rowsPerTask = max(1, grain / max(row.size, 1))
    taskCount = pieces > 1 ? rowCount * pieces : (rowCount + rowsPerTask - 1) / rowsPerTask
  }

  private static func merged(sizes: [Int], strides: [[Int]]) -> [Axis] {
    var axes: [Axis] = []
    for i in sizes.indices where sizes[i] != 1 {
      let axis = Axis(size: sizes[i], strides: strides.map { $0[i] })
      if let last = axes.last, zip(last.strides, axis.strides).allSatisfy({ $0 == $1 * axis.size }) {
        axes[axes.count - 1] = Axis(size: last.size * axis.size, strides: axis.strides)
      } else {
        axes.append(axis)
      }
    }
    return axes
  }

  /// The operands are walked in step with the result, none repeats.
  public var isDense: Bool { outer.isEmpty && rows.size == 1 && row.strides.allSatisfy { $0 == 1 } }

  /// The shape of runs of rows of the given operands; `rows` and `n` are still to be set.
  func rowLoop(_ first: Int, _ second: Int? = nil, _ third: Int? = nil) -> RowLoop {
    var loop = RowLoop()
    loop.step = (rows.strides[first], second.map { rows.strides[$0] } ?? 0, third.map { rows.strides[$0] } ?? 0)
    if row.strides[first] == 0 { loop.repeat |= 1 }
    if let second, row.strides[second] == 0 { loop.repeat |= 2 }
    if let third, row.strides[third] == 0 { loop.repeat |= 4 }
    return loop
  }

  /// Calls `body` with runs of rows: where each operand and the result begin, in elements, the number of rows and their
  /// length.
  func forEachRun(_ tasks: Range<Int>, _ body: (UnsafePointer<Int>, Int, Int, Int) -> Void) {
    guard rowCount > 0 else { return }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: max(operandCount, 1)) { offsets in
      if pieces > 1 {
        for task in tasks { piece(task, offsets, body) }
        return
      }
      var index = tasks.lowerBound * rowsPerTask
      let end = min(tasks.upperBound * rowsPerTask, rowCount)
      while index < end {
        let count = min(rows.size - index % rows.size, end - index)
        locate(index, offsets)
        body(UnsafePointer(offsets.baseAddress!), index * row.size, count, row.size)
        index += count
      }
    }
  }

  /// Whether the result can be cut into this many equal slices along its outermost axes.
  public func divides(into count: Int) -> Bool {
    guard count > 0, rowCount > 0 else { return false }
    return rowCount % count == 0 || (count % rowCount == 0 && row.size % (count / rowCount) == 0)
  }

  /// As `forEachRun(_:_:)`, for some of `count` equal slices of the result.
  func forEachRun(_ slices: Range<Int>, of count: Int, _ body: (UnsafePointer<Int>, Int, Int, Int) -> Void) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: max(operandCount, 1)) { offsets in
      guard rowCount % count != 0 else {
        let share = rowCount / count
        var index = slices.lowerBound * share
        while index < slices.upperBound * share {
          let count = min(rows.size - index % rows.size, slices.upperBound * share - index)
          locate(index, offsets)
          body(UnsafePointer(offsets.baseAddress!), index * row.size, count, row.size)
          index += count
        }
        return
      }
      let perRow = count / rowCount, length = row.size / perRow
      var slice = slices.lowerBound
      while slice < slices.upperBound {
        let (index, inside) = slice.quotientAndRemainder(dividingBy: perRow)
        let count = min(perRow - inside, slices.upperBound - slice)
        locate(index, offsets)
        for i in 0..<operandCount { offsets[i] += inside * length * row.strides[i] }
        body(UnsafePointer(offsets.baseAddress!), index * row.size + inside * length, 1, count * length)
        slice += count
      }
    }
  }

  private func piece(
    _ task: Int, _ offsets: UnsafeMutableBufferPointer<Int>, _ body: (UnsafePointer<Int>, Int, Int, Int) -> Void
  ) {
    let (index, part) = task.quotientAndRemainder(dividingBy: pieces)
    let length = (row.size + pieces - 1) / pieces
    let start = min(part * length, row.size)
    let count = min(length, row.size - start)
    guard count > 0 else { return }
    locate(index, offsets)
    for i in 0..<operandCount { offsets[i] += start * row.strides[i] }
    body(UnsafePointer(offsets.baseAddress!), index * row.size + start, 1, count)
  }

  /// Where each operand's row `index` begins.
  private func locate(_ index: Int, _ offsets: UnsafeMutableBufferPointer<Int>) {
    let (around, inside) = index.quotientAndRemainder(dividingBy: rows.size)
    for i in 0..<operandCount { offsets[i] = inside * rows.strides[i] }
    var rest = around
    for axis in outer.reversed() {
      let (next, position) = rest.quotientAndRemainder(dividingBy: axis.size)
      for i in 0..<operandCount { offsets[i] += position * axis.strides[i] }
      rest = next
    }
  }
}
