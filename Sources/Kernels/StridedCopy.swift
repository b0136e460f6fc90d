import CKernels

/// A copy between two strided arrays, prepared once: axes merged, the fastest loop chosen, the work cut into tasks.
///
/// Strides are in bytes; they may be negative, and source strides may be 0, which repeats elements.
public struct StridedCopy: Sendable {
  /// The loop inside the walk over the outer axes.
  enum Inner: Sendable {
    /// Contiguous bytes.
    case run(Int)
    /// Elements `width` wide.
    case line(length: Int, width: Int, source: Int, destination: Int)
    /// A matrix of elements `width` wide, its rows `source` apart there and its columns `destination` apart here.
    case transpose(rows: Int, columns: Int, width: Int, source: Int, destination: Int)
  }
  struct Axis {
    var size: Int
    var source: Int
    var destination: Int
  }

  /// Triples of size, source stride and destination stride.
  private let axes: [Int]
  private let inner: Inner
  private let outerCount: Int
  /// Parts that each inner loop is cut into, and the length of a part.
  private let parts: Int
  private let partLength: Int
  /// Outer positions per task, when inner loops stay whole.
  private let grouped: Int
  /// Equal parts that may be copied by different threads.
  public let tasks: Int

  /// Axes that a copy can have after merging.
  public static let axisLimit = Int(movement_axis_limit)
  private static let taskByteCount = 1 << 16

  /// Nil if more axes remain after merging than `axisLimit`.
  public init?(sizes: [Int], source: [Int], destination: [Int], width: Int) {
    var axes = Self.merged(sizes, source, destination)
    let isEmpty = sizes.contains(0) || width == 0
    if isEmpty { axes = [] }
    var run = width
    if let last = axes.last, last.source == width, last.destination == width {
      run *= last.size
      axes.removeLast()
    }
    inner = Self.inner(of: &axes, run: run)
    guard axes.count <= Self.axisLimit else { return nil }
    self.axes = axes.flatMap { [$0.size, $0.source, $0.destination] }
    outerCount = isEmpty ? 0 : axes.reduce(1) { $0 * $1.size }
    let (length, unit) = inner.extent
    let innerBytes = max(length * unit, 1)
    if innerBytes > 2 * Self.taskByteCount {
      partLength = max(Self.taskByteCount / unit, 1)
      parts = (length + partLength - 1) / partLength
      grouped = 1
      tasks = outerCount * parts
    } else {
      (parts, partLength) = (1, length)
      grouped = max(Self.taskByteCount / innerBytes, 1)
      tasks = (outerCount + grouped - 1) / grouped
    }
  }

  /// Axes without those of size 1, neighbours joined where both arrays allow it.
  private static func merged(_ sizes: [Int], _ source: [Int], _ destination: [Int]) -> [Axis] {
    var axes: [Axis] = []
    for i in sizes.indices where sizes[i] != 1 {
      let axis = Axis(size: sizes[i], source: source[i], destination: destination[i])
      if let outer = axes.last, outer.source == axis.source * axis.size,
        outer.destination == axis.destination * axis.size
      {
        axes[axes.count - 1] = Axis(size: outer.size * axis.size, source: axis.source, destination: axis.destination)
      } else {
        axes.append(axis)
      }
    }
    return axes
  }

  private static func inner(of axes: inout [Axis], run: Int) -> Inner {
    guard [1, 2, 4, 8, 16].contains(run), !axes.isEmpty else { return .run(run) }
    if run <= 8, let i = axes.lastIndex(where: { $0.destination == run }),
      let j = axes.lastIndex(where: { $0.source == run }),
      i != j
    {
      let (rows, columns) = (axes[i], axes[j])
      axes.remove(at: max(i, j))
      axes.remove(at: min(i, j))
      return .transpose(
        rows: rows.size, columns: columns.size, width: run, source: rows.source, destination: columns.destination)
    }
    let last = axes.removeLast()
    return .line(length: last.size, width: run, source: last.source, destination: last.destination)
  }
}

extension StridedCopy.Inner {
  /// How long the loop is, and the bytes of one round.
  var extent: (length: Int, unit: Int) {
    switch self {
    case .run(let size): (size, 1)
    case .line(let length, let width, _, _): (length, width)
    case .transpose(let rows, let columns, let width, _, _): (columns, rows * width)
    }
  }
}

// MARK: Copying
extension StridedCopy {
  /// Copies the part that `range` of the tasks covers.
  public func copy(from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, tasks range: Range<Int>) {
    guard outerCount > 0 else { return }
    if parts == 1 {
      let first = range.lowerBound * grouped
      let end = min(range.upperBound * grouped, outerCount)
      if first < end { walk(source, destination, first, end - first, 0, partLength) }
      return
    }
    for task in range {
      let start = task % parts * partLength
      walk(source, destination, task / parts, 1, start, min(partLength, inner.extent.length - start))
    }
  }

  /// Copies all.
  public func copy(from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
    copy(from: source, to: destination, tasks: 0..<tasks)
  }

  private func walk(
    _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ first: Int, _ count: Int, _ start: Int,
    _ length: Int
  ) {
    axes.withUnsafeBufferPointer { buffer in
      // An empty array has no address, and C takes none.
      let none = UnsafePointer<Int>(bitPattern: MemoryLayout<Int>.alignment).unsafelyUnwrapped
      let walk = MovementWalk(axes: buffer.baseAddress ?? none, rank: axes.count / 3, first: first, count: count)
      switch inner {
      case .run:
        movement_runs(source + start, destination + start, walk, length)
      case .line(_, let width, let from, let to):
        movement_lines(source + start * from, destination + start * to, walk, length, width, from, to)
      case .transpose(let rows, _, let width, let from, let to):
        movement_transposes(source + start * width, destination + start * to, walk, rows, length, width, from, to)
      }
    }
  }
}
