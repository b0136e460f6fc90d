import HoneIR

/// What each position of an axis receives back from the positions of the resized axis: the transpose of a `FilterTable`.
struct TransposedFilter<T: BinaryFloatingPoint & Sendable>: Sendable {
  /// Where the entries of each position start; one more at the end.
  private(set) var starts = [0]
  private(set) var positions: [Int] = []
  private(set) var weights: [T] = []

  /// Entries (position, resized position, weight).
  private init(size: Int, _ entries: [(Int, Int, T)]) {
    var lists: [[(Int, T)]] = Array(repeating: [], count: size)
    for (position, resized, weight) in entries where weight != 0 { lists[position].append((resized, weight)) }
    for list in lists {
      positions += list.map(\.0)
      weights += list.map(\.1)
      starts.append(positions.count)
    }
  }
  init(_ table: FilterTable<T>, size: Int) {
    var entries: [(Int, Int, T)] = []
    for i in 0..<table.count where table.positions[i * table.taps] >= 0 {
      for tap in i * table.taps..<(i + 1) * table.taps { entries.append((table.positions[tap], i, table.weights[tap])) }
    }
    self.init(size: size, entries)
  }
  /// Of an axis that shows position map[i] at i, or nothing where that is −1.
  init(map: [Int], size: Int) {
    self.init(size: size, map.enumerated().filter { $0.element >= 0 }.map { ($0.element, $0.offset, 1) })
  }
}

/// The adjoint of separable resizing, one axis after the other, outermost first.
struct TransposedInterpolation<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>: Sendable {
  /// One axis: blocks of `count` rows of `inner` elements become blocks of `size` rows.
  private struct Pass: Sendable {
    var blocks: Int
    var count: Int
    var size: Int
    var inner: Int
    var filter: TransposedFilter<T>
  }
  private var passes: [Pass] = []
  /// Independent parts of the operand and the result, and their elements.
  private let parts: Int
  private let sourceLength: Int
  private let resultLength: Int
  /// Elements of the largest array between two passes.
  private var between = 0

  /// From `counts` back to `sizes`; axes without a filter stay as they are.
  init(counts: [Int], sizes: [Int], filters: [TransposedFilter<T>?]) {
    let first = filters.firstIndex { $0 != nil } ?? filters.count
    parts = sizes[..<first].reduce(1, *)
    sourceLength = counts[first...].reduce(1, *)
    resultLength = sizes[first...].reduce(1, *)
    for axis in filters.indices[first...] {
      guard let filter = filters[axis] else { continue }
      if let last = passes.last { between = max(between, last.blocks * last.size * last.inner) }
      passes.append(
        Pass(
          blocks: sizes[first..<axis].reduce(1, *), count: counts[axis], size: sizes[axis],
          inner: counts[(axis + 1)...].reduce(1, *), filter: filter))
    }
  }

  func kernel() -> Kernel {
    let (parts, sourceLength, resultLength) = (resultLength == 0 ? 0 : parts, sourceLength, resultLength)
    let scratchLength = (between * MemoryLayout<T>.stride + 63) / 64 * 64
    return Kernel(tasks: parts, scratch: 2 * scratchLength) { frame, range in
      let buffer = frame.scratch.assumingMemoryBound(to: T.self)
      let other = (frame.scratch + scratchLength).assumingMemoryBound(to: T.self)
      for part in range where part < parts {
        var source = frame.operand(0, as: T.self) + part * sourceLength
        let result = frame.result(as: T.self) + part * resultLength
        if passes.isEmpty { result.update(from: source, count: resultLength) }
        for (i, pass) in passes.enumerated() {
          let target = i == passes.count - 1 ? result : i % 2 == 0 ? buffer : other
          run(pass, source, target)
          source = UnsafePointer(target)
        }
      }
    }
  }

  private func run(_ pass: Pass, _ source: UnsafePointer<T>, _ target: UnsafeMutablePointer<T>) {
    let inner = pass.inner
    pass.filter.starts.withUnsafeBufferPointer { starts in
      pass.filter.positions.withUnsafeBufferPointer { positions in
        pass.filter.weights.withUnsafeBufferPointer { weights in
          for block in 0..<pass.blocks {
            let rows = source + block * pass.count * inner
            for i in 0..<pass.size {
              let row = target + (block * pass.size + i) * inner
              let entries = starts[i]..<starts[i + 1]
              if inner == 1 {
                var sum: T = 0
                for entry in entries { sum += weights[entry] * rows[positions[entry]] }
                row.pointee = sum
                continue
              }
              guard let first = entries.first else {
                row.update(repeating: 0, count: inner)
                continue
              }
              let (from, weight) = (rows + positions[first] * inner, weights[first])
              for j in 0..<inner { row[j] = weight * from[j] }
              for entry in entries.dropFirst() {
                let (from, weight) = (rows + positions[entry] * inner, weights[entry])
                for j in 0..<inner { row[j] += weight * from[j] }
              }
            }
          }
        }
      }
    }
  }
}
