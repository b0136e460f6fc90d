import HoneIR

/// Separable resizing, one axis after the other, innermost first.
struct Interpolation<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>: Sendable {
  /// One axis: blocks of `size` rows of `inner` elements become blocks of as many rows as the table has.
  private struct Pass: Sendable {
    var blocks: Int
    var size: Int
    var inner: Int
    var table: FilterTable<T>
  }
  private var passes: [Pass] = []
  /// Independent parts of the operand and the result, and their elements.
  private let parts: Int
  private let sourceLength: Int
  private let resultLength: Int
  /// Elements of the largest array between two passes.
  private var between = 0
  private let extrapolation: T

  init(_ op: Resize, _ geometry: [ResizeAxis]) throws(GraphError) {
    let first = geometry.firstIndex { !$0.isIdentity(op) } ?? geometry.count
    parts = geometry[..<first].reduce(1) { $0 * $1.size }
    sourceLength = geometry[first...].reduce(1) { $0 * $1.size }
    resultLength = geometry[first...].reduce(1) { $0 * $1.count }
    extrapolation = T(op.extrapolation_value)
    var inner = 1
    for axis in geometry.indices[first...].reversed() {
      if !geometry[axis].isIdentity(op) {
        let blocks = geometry[first..<axis].reduce(1) { $0 * $1.size }
        passes.append(
          Pass(blocks: blocks, size: geometry[axis].size, inner: inner, table: try FilterTable(geometry[axis], op)))
        if axis != first { between = max(between, blocks * geometry[axis].count * inner) }
      }
      inner *= geometry[axis].count
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
    let (taps, count, inner) = (pass.table.taps, pass.table.count, pass.inner)
    pass.table.positions.withUnsafeBufferPointer { positions in
      pass.table.weights.withUnsafeBufferPointer { weights in
        for block in 0..<pass.blocks {
          let rows = source + block * pass.size * inner
          for i in 0..<count {
            let row = target + (block * count + i) * inner
            if positions[i * taps] < 0 {
              row.update(repeating: extrapolation, count: inner)
            } else if inner == 1 {
              var sum: T = 0
              for tap in i * taps..<(i + 1) * taps { sum += weights[tap] * rows[positions[tap]] }
              row.pointee = sum
            } else {
              combine(rows, row, inner, positions.baseAddress! + i * taps, weights.baseAddress! + i * taps, taps)
            }
          }
        }
      }
    }
  }

  /// A weighted sum of rows.
  private func combine(
    _ rows: UnsafePointer<T>, _ target: UnsafeMutablePointer<T>, _ length: Int, _ positions: UnsafePointer<Int>,
    _ weights: UnsafePointer<T>, _ taps: Int
  ) {
    let (a, b) = (rows + positions[0] * length, rows + positions[1] * length)
    let (u, v) = (weights[0], weights[1])
    for j in 0..<length { target[j] = u * a[j] + v * b[j] }
    for tap in 2..<max(taps, 2) where weights[tap] != 0 {
      let (row, weight) = (rows + positions[tap] * length, weights[tap])
      for j in 0..<length { target[j] += weight * row[j] }
    }
  }
}
