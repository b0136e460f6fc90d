import HoneIR
import HoneKernels

/// A copy whose axes are remapped one by one: position i along an axis shows position map[i] of the source, or the fill
/// value where that is −1.
struct MappedCopy: Sendable {
  private struct Axis: Sendable {
    var map: [Int]
    var stride: Int
    /// The longest stretch that follows the source without a jump.
    var plain: Range<Int>
  }
  private let outer: [Axis]
  private let inner: Axis
  /// Elements that stay together: the unchanged axes behind the last changed one.
  private let run: Int
  private let width: Int
  private let rows: Int
  private let grouped: Int
  let tasks: Int

  /// A nil map leaves its axis as it is.
  init(_ sizes: [Int], maps: [[Int]?], width: Int) {
    var axes: [Axis] = []
    var run = 1
    var stride = 1
    var isMergeable = false
    for i in sizes.indices.reversed() {
      if let map = maps[i] {
        axes.append(Axis(map: map, stride: stride, plain: Self.plain(map)))
        isMergeable = false
      } else if axes.isEmpty {
        run *= sizes[i]
      } else if isMergeable {
        let count = axes[axes.count - 1].map.count * sizes[i]
        axes[axes.count - 1] = Axis(map: Array(0..<count), stride: axes[axes.count - 1].stride, plain: 0..<count)
      } else {
        axes.append(Axis(map: Array(0..<sizes[i]), stride: stride, plain: 0..<sizes[i]))
        isMergeable = true
      }
      stride *= sizes[i]
    }
    if axes.isEmpty { axes = [Axis(map: [0], stride: run, plain: 0..<1)] }
    inner = axes.removeFirst()
    outer = axes.reversed()
    (self.run, self.width) = (run, width)
    rows = run == 0 ? 0 : outer.reduce(1) { $0 * $1.map.count }
    grouped = max((1 << 15) / max(inner.map.count * run * width, 1), 1)
    tasks = (rows + grouped - 1) / grouped
  }

  private static func plain(_ map: [Int]) -> Range<Int> {
    var (best, start) = (0..<0, 0)
    for i in map.indices {
      if map[i] < 0 {
        start = i + 1
      } else if i > start, map[i] != map[i - 1] + 1 {
        start = i
      }
      if i + 1 - start > best.count { best = start..<i + 1 }
    }
    return best
  }

  /// Fills the part of `destination` that `range` of the tasks covers; `fill` points to one element.
  func copy(
    from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, fill: UnsafeRawPointer,
    tasks range: Range<Int>
  ) {
    let rowLength = inner.map.count * run
    var previous = Int.min
    for row in range.items(grouped, of: rows) {
      let target = destination + row * rowLength * width
      let offset = self.offset(ofRow: row)
      defer { previous = offset }
      if offset == previous {
        target.copyMemory(from: target - rowLength * width, byteCount: rowLength * width)
        continue
      }
      guard offset >= 0 else {
        fillElements(target, with: fill, width: width, count: rowLength)
        continue
      }
      let line = source + offset * width
      let plain = inner.plain
      jumps(line, target, 0..<plain.lowerBound, fill)
      if !plain.isEmpty {
        (target + plain.lowerBound * run * width).copyMemory(
          from: line + inner.map[plain.lowerBound] * inner.stride * width, byteCount: plain.count * run * width)
      }
      jumps(line, target, plain.upperBound..<inner.map.count, fill)
    }
  }

  /// Where a row of the result starts in the source; −1 if it lies outside.
  private func offset(ofRow row: Int) -> Int {
    var (rest, offset) = (row, 0)
    for axis in outer.reversed() {
      let position = axis.map[rest % axis.map.count]
      if position < 0 { return -1 }
      rest /= axis.map.count
      offset += position * axis.stride
    }
    return offset
  }

  private func jumps(
    _ line: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ positions: Range<Int>, _ fill: UnsafeRawPointer
  ) {
    let byteCount = run * width
    let step = inner.stride * width
    inner.map.withUnsafeBufferPointer { map in
      for i in positions {
        if map[i] < 0 {
          fillElements(target + i * byteCount, with: fill, width: width, count: run)
        } else {
          moveElement(target + i * byteCount, line + map[i] * step, byteCount)
        }
      }
    }
  }
}

extension MappedCopy {
  /// A kernel that copies operand 0, filling with the element that operand `value` holds, or else with `fill`.
  func kernel(value: Int? = nil, fill: (UInt64, UInt64) = (0, 0)) -> Kernel {
    Kernel(tasks: tasks) { frame, range in
      let (source, destination) = (frame.operandBytes(0), frame.resultBytes())
      if let value {
        copy(from: source, to: destination, fill: frame.operandBytes(value), tasks: range)
      } else {
        withUnsafeBytes(of: fill) { copy(from: source, to: destination, fill: $0.baseAddress!, tasks: range) }
      }
    }
  }
}
