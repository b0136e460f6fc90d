internal import CKernels

/// A plan for y = x with its axes permuted, in blocked two-dimensional transposes or copies of whole rows.
public struct Transposition: Sendable {
  /// Axes after merging: y's axis i has `sizes[i]` elements, `sources[i]` bytes apart in x.
  private var sizes: [Int]
  private var sources: [Int]
  private var results: [Int]
  private let elementByteCount: Int
  private let instructionSet: InstructionSet
  /// The pair of axes one call of a kernel covers: rows of x become columns of y. Nil when rows are copied.
  private let plane: (row: Int, column: Int)?
  /// The axes that neither kernel calls nor row copies cover.
  private let outer: [Int]

  /// y's axis i is x's axis `permutation[i]`; elements of 1, 2, 4 or 8 bytes.
  public init(shape: [Int], permutation: [Int], elementByteCount: Int, instructionSet: InstructionSet = .current) {
    precondition([1, 2, 4, 8].contains(elementByteCount), "elements of 1, 2, 4 or 8 bytes")
    (self.elementByteCount, self.instructionSet) = (elementByteCount, instructionSet)
    var strides = [Int](repeating: elementByteCount, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    (sizes, sources) = ([], [])
    for axis in permutation where shape[axis] != 1 {
      if let last = sizes.indices.last, sources[last] == strides[axis] * shape[axis] {
        (sizes[last], sources[last]) = (sizes[last] * shape[axis], strides[axis])
      } else {
        sizes.append(shape[axis])
        sources.append(strides[axis])
      }
    }
    if sizes.isEmpty { (sizes, sources) = ([shape.reduce(1, *)], [elementByteCount]) }
    results = [Int](repeating: elementByteCount, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() { results[axis] = results[axis + 1] * sizes[axis + 1] }
    let last = sizes.count - 1
    let contiguous = sources.firstIndex(of: elementByteCount) ?? last
    plane = contiguous == last ? nil : (row: last, column: contiguous)
    outer = sizes.indices.filter { $0 != last && (contiguous == last || $0 != contiguous) }
  }

  private var outerCount: Int { outer.reduce(1) { $0 * sizes[$1] } }
  private var strips: Int {
    guard let plane, outerCount < 16 else { return 1 }
    return max(1, min(dividedUp(sizes[plane.column], by: 64), 16))
  }

  public var taskCount: Int { sizes.contains(0) ? 0 : outerCount * strips }

  /// Runs `tasks` of the permutation of x into y.
  public func run(tasks: Range<Int>, x: UnsafeRawPointer, y: UnsafeMutableRawPointer) {
    let strips = strips
    for task in tasks {
      var (index, strip) = task.quotientAndRemainder(dividingBy: strips)
      var (x, y) = (x, y)
      for axis in outer.reversed() {
        let (rest, i) = index.quotientAndRemainder(dividingBy: sizes[axis])
        (x, y, index) = (x + i * sources[axis], y + i * results[axis], rest)
      }
      guard let plane else {
        y.copyMemory(from: x, byteCount: sizes[sizes.count - 1] * elementByteCount)
        continue
      }
      let perStrip = roundedUp(dividedUp(sizes[plane.column], by: strips), to: 16)
      let first = strip * perStrip
      strip = min(perStrip, sizes[plane.column] - first)
      guard strip > 0 else { continue }
      transpose(
        x + first * elementByteCount, sources[plane.row], y + first * results[plane.column], results[plane.column],
        rows: sizes[plane.row], columns: strip)
    }
  }

  private func transpose(
    _ x: UnsafeRawPointer, _ xStride: Int, _ y: UnsafeMutableRawPointer, _ yStride: Int, rows: Int, columns: Int
  ) {
    let table = instructionSet.table
    switch elementByteCount {
    case 1: table.pointee.transpose_1(x, xStride, y, yStride, rows, columns)
    case 2: table.pointee.transpose_2(x, xStride, y, yStride, rows, columns)
    case 4: table.pointee.transpose_4(x, xStride, y, yStride, rows, columns)
    default: table.pointee.transpose_8(x, xStride, y, yStride, rows, columns)
    }
  }
}

extension Transposition {
  /// [batch, channels, positions] to [batch, positions, channels]: what NCHW to NHWC is for any number of spatial axes.
  public static func toChannelsLast(
    batch: Int, channels: Int, positions: Int, elementByteCount: Int, instructionSet: InstructionSet = .current
  ) -> Transposition {
    Transposition(
      shape: [batch, channels, positions], permutation: [0, 2, 1], elementByteCount: elementByteCount,
      instructionSet: instructionSet)
  }

  /// [batch, positions, channels] to [batch, channels, positions].
  public static func toChannelsFirst(
    batch: Int, channels: Int, positions: Int, elementByteCount: Int, instructionSet: InstructionSet = .current
  ) -> Transposition {
    toChannelsLast(
      batch: batch, channels: positions, positions: channels, elementByteCount: elementByteCount,
      instructionSet: instructionSet)
  }
}
