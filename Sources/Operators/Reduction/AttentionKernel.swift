import HoneIR
import HoneKernels

/// Attention by blocks of queries: scores of a block against all keys, softmax, and the sum of values.
struct AttentionKernel: Sendable {
  private let layout: AttentionLayout
  private let mask: AttentionMask
  private let scale, softcap: Float
  private let mode: Int
  private let resultCount: Int
  /// Keys and values are gathered behind the past ones, by one task for each key head.
  private let isCached: Bool
  private let blockRows: Int
  private let scores, values: [HeadProduct]
  private let productByteCount: Int

  init(_ call: Call, _ op: Attention, _ layout: AttentionLayout) throws(GraphError) {
    self.layout = layout
    mask = try AttentionMask(call, op, layout)
    guard (0...3).contains(op.qk_matmul_output_mode) else {
      throw GraphError(.attribute, "qk_matmul_output_mode must be 0 to 3, is \(op.qk_matmul_output_mode)")
    }
    scale = op.scale ?? 1 / Float(layout.depth).squareRoot()
    (softcap, mode, resultCount) = (op.softcap, op.qk_matmul_output_mode, call.results.count)
    isCached = call.has(4) || call.isUsed(1) || call.isUsed(2)
    blockRows = min(max(layout.queries, 1), max(16, min(128, 65536 / max(layout.keys, 1))))
    let (k, v) = isCached ? (layout.depth, layout.width) : (layout.k.row, layout.v.row)
    let (alpha, rows, rest) = (scale, blockRows, layout.queries % blockRows)
    scores = [rows, rest].map { m in
      var product = StridedProduct(m: m, n: layout.keys, k: layout.depth)
      product.a.row = layout.q.row
      product.b = .init(row: 1, column: k)
      return HeadProduct(product, alpha: alpha)
    }
    values = [rows, rest].map { m in
      var product = StridedProduct(m: m, n: layout.width, k: layout.keys)
      product.b.row = v
      product.c.row = layout.y.row
      return HeadProduct(product, alpha: 1)
    }
    productByteCount = (scores + values).map(\.scratchByteCount).max()!
  }

  private var scoreCount: Int { blockRows * layout.keys }
  private var cacheCount: Int { isCached ? layout.keys * (layout.depth + layout.width) : 0 }

  func kernel<T: RowElement>(_: T.Type) -> Kernel {
    let count = layout.batch * layout.queryHeads * layout.queries
    let byteCount = productByteCount + (scoreCount + cacheCount) * MemoryLayout<T>.stride
    if isCached {
      return Kernel(tasks: layout.batch * layout.keyHeads, scratch: byteCount) { frame, range in
        for task in range where layout.batch > 0 {
          runCached(frame, T.self, task / layout.keyHeads, task % layout.keyHeads)
        }
      }
    }
    let blocks = (layout.queries + blockRows - 1) / blockRows
    return Kernel(tasks: layout.batch * layout.queryHeads * blocks, scratch: byteCount) { frame, range in
      for task in range where count > 0 {
        let (b, h) = (task / blocks / layout.queryHeads, task / blocks % layout.queryHeads)
        let keys = frame.operand(1, as: T.self) + layout.k.offset(b, h / layout.group)
        let values = frame.operand(2, as: T.self) + layout.v.offset(b, h / layout.group)
        run(frame, keys, values, b, h, task % blocks * blockRows)
      }
    }
  }

  private func runCached<T: RowElement>(_ frame: borrowing Frame, _: T.Type, _ b: Int, _ head: Int) {
    let cache = (frame.scratch + productByteCount).assumingMemoryBound(to: T.self) + scoreCount
    let place = b * layout.keyHeads + head
    var (keys, values) = (cache, cache + layout.keys * layout.depth)
    if resultCount > 1, frame.hasResult(1) { keys = frame.result(1, as: T.self) + place * layout.keys * layout.depth }
    if resultCount > 2, frame.hasResult(2) { values = frame.result(2, as: T.self) + place * layout.keys * layout.width }
    let (past, depth, width) = (layout.past, layout.depth, layout.width)
    if past > 0 {
      keys.update(from: frame.operand(4, as: T.self) + place * past * depth, count: past * depth)
      values.update(from: frame.operand(5, as: T.self) + place * past * width, count: past * width)
    }
    for s in 0..<layout.newKeys {
      (keys + (past + s) * depth).update(from: frame.operand(1, as: T.self) + layout.k.offset(b, head, s), count: depth)
      (values + (past + s) * width).update(
        from: frame.operand(2, as: T.self) + layout.v.offset(b, head, s), count: width)
    }
    for h in head * layout.group..<(head + 1) * layout.group {
      for first in stride(from: 0, to: layout.queries, by: blockRows) {
        run(frame, UnsafePointer(keys), UnsafePointer(values), b, h, first)
      }
    }
  }

  /// The queries from `first` on of one head.
  private func run<T: RowElement>(
    _ frame: borrowing Frame, _ keys: UnsafePointer<T>, _ values: UnsafePointer<T>, _ b: Int, _ h: Int, _ first: Int
  ) {
    let rows = min(blockRows, layout.queries - first)
    let which = rows == blockRows ? 0 : 1
    let n = layout.keys
    let block = (frame.scratch + productByteCount).assumingMemoryBound(to: T.self)
    let q = frame.operand(0, as: T.self) + layout.q.offset(b, h, first)
    scores[which].run(q, keys, block, scratch: frame.scratch)
    let kept: UnsafeMutablePointer<T>?
    if resultCount > 3, frame.hasResult(3) {
      kept = frame.result(3, as: T.self) + ((b * layout.queryHeads + h) * layout.queries + first) * n
    } else {
      kept = nil
    }
    for i in 0..<rows where n > 0 {
      let row = block + i * n
      if mode == 0 { kept.map { ($0 + i * n).update(from: row, count: n) } }
      if softcap > 0 { for j in 0..<n { row[j] = T(softcap) * T.tanh(row[j] / T(softcap)) } }
      if mode == 1 { kept.map { ($0 + i * n).update(from: row, count: n) } }
      let sees = mask.isEmpty || mask.apply(row, frame, b, h, first + i)
      if mode == 2 { kept.map { ($0 + i * n).update(from: row, count: n) } }
      if sees { T.softmax(row, count: n, logarithm: false, into: row) } else { row.update(repeating: 0, count: n) }
      if mode == 3 { kept.map { ($0 + i * n).update(from: row, count: n) } }
    }
    let y = frame.result(0, as: T.self) + layout.y.offset(b, h, first)
    self.values[which].run(UnsafePointer(block), values, y, scratch: frame.scratch)
  }
}

/// A product that is part of one task.
struct HeadProduct: Sendable {
  private let product: StridedProduct
  private let plan: MatrixProduct?
  private let alpha: Float

  init(_ product: StridedProduct, alpha: Float) {
    (self.product, self.alpha) = (product, alpha)
    plan = product.isEmpty || product.k == 0 ? nil : product.plan(Epilogue(alpha: alpha))
  }
  var scratchByteCount: Int { ((plan?.scratchByteCount ?? 0) + 63) / 64 * 64 }

  func run<T: Accumulable>(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>, scratch: UnsafeMutableRawPointer
  ) {
    if T.self == Float.self, let plan {
      let (a, b, c) = (UnsafeRawPointer(a), UnsafeRawPointer(b), UnsafeMutableRawPointer(c))
      plan.run(
        tasks: 0..<plan.taskCount, a: a.assumingMemoryBound(to: Float.self), b: b.assumingMemoryBound(to: Float.self),
        c: c.assumingMemoryBound(to: Float.self), scratch: scratch)
      return
    }
    for i in 0..<product.m {
      let row = c + i * product.c.row
      product.row(a + i * product.a.row, b, row)
      if alpha != 1 { for j in 0..<product.n { row[j] = T(converting: row[j].double * Double(alpha)) } }
    }
  }
}
