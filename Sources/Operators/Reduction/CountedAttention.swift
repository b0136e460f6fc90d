import HoneIR

/// Attention of few queries to the first keys of a cache: nothing behind the valid keys is read.
struct CountedAttention: Sendable {
  private let layout: AttentionLayout
  private let mask: AttentionMask
  private let scale: Float
  /// More queries than these are worth packing keys for.
  private static let mostQueries = 4

  /// The plan for fp32 operands with counts of valid keys, one result, and nothing that happens to scores but a mask.
  init?(_ call: Call, _ op: Attention, _ layout: AttentionLayout) throws(GraphError) {
    guard call.has(6), !call.has(4), !(1...3).contains(where: call.isUsed), op.softcap == 0,
      try call.element(1) == .float32, try call.element(2) == .float32
    else { return nil }
    self.layout = layout
    guard layout.queries <= Self.mostQueries else { return nil }
    mask = try AttentionMask(call, op, layout)
    scale = op.scale ?? 1 / Float(layout.depth).squareRoot()
  }

  func kernel() -> Kernel {
    let count = layout.batch * layout.queryHeads
    return Kernel(tasks: count, scratch: layout.keys * 4) { frame, range in
      for task in range where task < count {
        let (b, h) = task.quotientAndRemainder(dividingBy: layout.queryHeads)
        for i in 0..<layout.queries { run(frame, b, h, i) }
      }
    }
  }

  private func run(_ frame: borrowing Frame, _ b: Int, _ h: Int, _ i: Int) {
    let scores = frame.scratch.assumingMemoryBound(to: Float.self)
    let y = frame.result(0, as: Float.self) + layout.y.offset(b, h, i)
    y.update(repeating: 0, count: layout.width)
    let visible = mask.visible(frame, b, i)
    let q = frame.operand(0, as: Float.self) + layout.q.offset(b, h, i)
    let keys = frame.operand(1, as: Float.self) + layout.k.offset(b, h / layout.group)
    for j in visible { scores[j] = scale * Self.dot(q, keys + j * layout.k.row, layout.depth) }
    guard mask.add(to: scores, frame, b, h, i, visible) else { return }
    let seen = scores + visible.lowerBound
    Float.softmax(seen, count: visible.count, logarithm: false, into: seen)
    let values = frame.operand(2, as: Float.self) + layout.v.offset(b, h / layout.group)
    for j in visible where scores[j] != 0 { Self.add(scores[j], values + j * layout.v.row, to: y, layout.width) }
  }

  @inline(__always)
  private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = SIMD16<Float>.zero
    var i = 0
    while i + 16 <= count {
      let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD16<Float>.self)
      sums += x * UnsafeRawPointer(b + i).loadUnaligned(as: SIMD16<Float>.self)
      i += 16
    }
    var sum = sums.sum()
    while i < count {
      sum += a[i] * b[i]
      i += 1
    }
    return sum
  }

  /// y += weight · x
  @inline(__always)
  private static func add(
    _ weight: Float, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var i = 0
    while i + 16 <= count {
      let old = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD16<Float>.self)
      let new = old + weight * UnsafeRawPointer(x + i).loadUnaligned(as: SIMD16<Float>.self)
      UnsafeMutableRawPointer(y + i).storeBytes(of: new, as: SIMD16<Float>.self)
      i += 16
    }
    while i < count {
      y[i] += weight * x[i]
      i += 1
    }
  }
}
